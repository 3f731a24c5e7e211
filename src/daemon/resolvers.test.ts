import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNameServers } from "./resolvers.ts";

const cases = [
  { name: "no server", text: "search example.org\n", want: [] },
  {
    name: "three of both families, in order; comments and the fourth are left out",
    text: "# nameserver 192.0.2.9\nnameserver 192.0.2.1\n nameserver\t2001:db8::1\nnameserver 127.0.0.53 \nnameserver 192.0.2.4\n",
    want: ["192.0.2.1", "2001:db8::1", "127.0.0.53"],
  },
  { name: "a server with a zone", text: "nameserver fe80::1%eth0\n", want: [] },
];

for (const { name, text, want } of cases) {
  test(`parseNameServers: ${name}`, () => {
    assert.deepEqual(
      parseNameServers(text).map(({ host }) => host),
      want,
    );
  });
}
