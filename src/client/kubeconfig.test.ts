import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import type { KubeContext } from "./kubeconfig.ts";
import { parseKubeconfig } from "./kubeconfig.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const config = (user: object, cluster: object = {}, context: object = {}) =>
  stringify({
    "current-context": "lab",
    contexts: [{ name: "lab", context: { cluster: "c", user: "u", ...context } }],
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:6443", ...cluster } }],
    users: [{ name: "u", user }],
  });

const good: readonly {
  readonly name: string;
  readonly text: string;
  readonly want: Partial<KubeContext>;
}[] = [
  {
    name: "embedded certificates are decoded, and win over files",
    text: config(
      {
        "client-certificate-data": base64("CERT"),
        "client-certificate": "x.crt",
        "client-key": "x.key",
      },
      { "certificate-authority-data": base64("CA") },
    ),
    want: { ca: { text: "CA" }, cert: { text: "CERT" }, key: { file: "x.key" } },
  },
  {
    name: "a token file wins over a token: it is the one that is renewed",
    text: config({ token: "old", tokenFile: "/run/token" }),
    want: { token: { file: "/run/token" } },
  },
  {
    name: "the namespace is default unless the context names one",
    text: config({ token: "t" }, {}, { namespace: "demo" }),
    want: { namespace: "demo", token: { text: "t" } },
  },
];

for (const { name, text, want } of good) {
  test(`kubeconfig: ${name}`, () => {
    const context = parseKubeconfig(text);
    assert.deepEqual({ ...context, ...want }, context);
  });
}

const bad: readonly { readonly name: string; readonly text: string; readonly message: RegExp }[] = [
  { name: "no current context", text: "contexts: []", message: /no current-context is set/ },
  { name: "no YAML", text: "{a: [", message: /not YAML/ },
  {
    name: "a way to log in that runs a program is refused by name",
    text: config({ exec: { command: "aws" } }),
    message: /user "u" logs in by exec/,
  },
  {
    name: "a cluster without a server",
    text: config({}, { server: "" }),
    message: /has no server URL/,
  },
];

for (const { name, text, message } of bad) {
  test(`kubeconfig: refuses ${name}`, () => {
    assert.throws(() => parseKubeconfig(text), { code: "KUBECONFIG_INVALID", message });
  });
}

test("kubeconfig: a context that is not there is named", () => {
  assert.throws(() => parseKubeconfig(config({}), "other"), { message: /no entry "other"/ });
});
