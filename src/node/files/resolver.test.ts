import assert from "node:assert/strict";
import { test } from "node:test";
import { parseResolverFile, podResolver, renderResolverFile } from "./resolver.ts";

test("parseResolverFile: the last search and options lines win, trailing dots go, comments are no lines", () => {
  const text =
    "# nameserver 192.0.2.9\nnameserver 192.0.2.1\nsearch a.example\nsearch b.example. .\noptions ndots:1\noptions debug timeout:2\n;x\n";
  assert.deepEqual(parseResolverFile(text), {
    nameservers: ["192.0.2.1"],
    searches: ["b.example", "."],
    options: ["debug", "timeout:2"],
  });
});

test("renderResolverFile: what is empty has no line", () => {
  const config = { nameservers: ["192.0.2.1"], searches: [], options: [] };
  assert.equal(renderResolverFile(config), "nameserver 192.0.2.1\n");
});

const node = {
  host: { nameservers: [], searches: [], options: [] },
  clusterDns: ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"],
  clusterDomain: "cluster.local",
};

const limits = [
  {
    name: "a fourth name server is left out",
    searches: [],
    servers: 3,
    paths: 3,
    message: /^Nameserver limits were exceeded.* is: 10\.0\.0\.1 10\.0\.0\.2 10\.0\.0\.3$/,
  },
  {
    name: "no more than 32 search paths",
    searches: Array.from({ length: 40 }, (_, i) => `x${i}.example.org`),
    servers: 3,
    paths: 32,
    message: /^Search Line limits were exceeded/,
  },
  {
    name: "a search path that is longer than a name may be is left out alone",
    searches: ["z".repeat(254), "z".repeat(253)],
    servers: 3,
    paths: 4,
    message: /^Search Line limits were exceeded.*cluster\.local z{253}$/,
  },
  {
    name: "no more than 2048 characters of search paths",
    searches: Array.from({ length: 20 }, (_, i) => `${"y".repeat(200)}${i}.example.org`),
    servers: 3,
    paths: 12,
    message: /^Search Line limits were exceeded/,
  },
];

for (const { name, searches, servers, paths, message } of limits) {
  test(`podResolver: ${name}`, () => {
    const pod = {
      metadata: { name: "p", namespace: "shop" },
      spec: { containers: [], dnsConfig: { searches } },
    };
    const { config, warnings } = podResolver(pod, node);
    assert.equal(config.nameservers.length, servers);
    assert.equal(config.searches.length, paths);
    assert.match(warnings.at(-1)?.message ?? "", message);
  });
}
