import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { createSecureContext } from "node:tls";
import { createAuthority, loadAuthority } from "./authority.ts";
import { kubeconfig } from "./kubeconfig.ts";

const now = Date.now();

test("a client certificate names the user in CN and each group in O", async () => {
  const ca = await createAuthority("portolan", now);
  const pair = await ca.issueClient({ user: "admin", groups: ["system:masters", "ops, or so"] });
  const cert = new X509Certificate(pair.cert);
  assert.deepEqual(cert.subject.split("\n"), ["O=system:masters", "O=ops\\, or so", "CN=admin"]);
  assert.ok(cert.verify(new X509Certificate(ca.cert).publicKey));
  assert.ok(cert.checkIssued(new X509Certificate(ca.cert)));
  createSecureContext({ cert: pair.cert, key: pair.key });
});

test("a serving certificate holds its names and addresses of both families", async () => {
  const ca = await createAuthority("portolan", now);
  const pair = await ca.issueServer({
    commonName: "kube-apiserver",
    dnsNames: ["localhost", "kubernetes.default.svc"],
    ipAddresses: ["127.0.0.1", "fd00:10:96::1"],
  });
  const cert = new X509Certificate(pair.cert);
  assert.equal(cert.checkHost("kubernetes.default.svc"), "kubernetes.default.svc");
  assert.equal(cert.checkHost("example.org"), undefined);
  assert.equal(cert.checkIP("127.0.0.1"), "127.0.0.1");
  assert.notEqual(cert.checkIP("fd00:10:96::1"), undefined);
});

test("an authority read back from its files signs as before", async () => {
  const first = await createAuthority("portolan", now);
  const second = await loadAuthority(first.keyPair, now);
  const pair = await second.issueClient({ user: "dns", groups: [] });
  assert.ok(new X509Certificate(pair.cert).verify(new X509Certificate(first.cert).publicKey));
});

test("a kubeconfig carries the client certificate and one context", async () => {
  const ca = await createAuthority("portolan", now);
  const client = await ca.issueClient({ user: "admin", groups: ["system:masters"] });
  const text = kubeconfig({
    name: "portolan",
    server: "https://127.0.0.1:6443",
    ca: ca.cert,
    client,
  });
  const config: unknown = JSON.parse(text);
  assert.equal(Reflect.get(Object(config), "current-context"), "portolan");
  assert.ok(text.includes(Buffer.from(client.cert).toString("base64")));
});
