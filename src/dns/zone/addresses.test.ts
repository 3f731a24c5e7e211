import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCidr } from "../../lib/ip.ts";
import { formatName, wireOfKey } from "../wire/name.ts";
import {
  dashedAddress,
  parseAddress,
  reverseKey,
  reverseZonesOf,
  undashAddress,
} from "./addresses.ts";

const text = (key: string) => formatName(wireOfKey(key));

const ranges: readonly {
  readonly cidr: string;
  readonly want: readonly string[];
  readonly count: number;
}[] = [
  { cidr: "10.0.0.0/8", want: ["10.in-addr.arpa."], count: 1 },
  { cidr: "10.244.0.0/16", want: ["244.10.in-addr.arpa."], count: 1 },
  { cidr: "10.96.0.0/12", want: ["96.10.in-addr.arpa.", "111.10.in-addr.arpa."], count: 16 },
  {
    cidr: "192.168.7.128/25",
    want: ["128.7.168.192.in-addr.arpa.", "255.7.168.192.in-addr.arpa."],
    count: 128,
  },
  { cidr: "0.0.0.0/0", want: ["in-addr.arpa."], count: 1 },
  { cidr: "fd00::/16", want: ["0.0.d.f.ip6.arpa."], count: 1 },
  { cidr: "fd00::/15", want: ["0.0.d.f.ip6.arpa.", "1.0.d.f.ip6.arpa."], count: 2 },
];

for (const { cidr, want, count } of ranges) {
  test(`reverseZonesOf: ${cidr} is covered by ${count} zones`, () => {
    const zones = reverseZonesOf(parseCidr(cidr)!).map(text);
    assert.equal(zones.length, count);
    assert.deepEqual([zones[0], zones.at(-1)], [want[0], want.at(-1)]);
  });
}

test("reverseKey: bytes and nibbles come in reverse", () => {
  assert.equal(text(reverseKey(parseAddress("10.96.0.11")!)), "11.0.96.10.in-addr.arpa.");
  const ipv6 = text(reverseKey(parseAddress("fd00::1f")!));
  assert.equal(ipv6, `f.1.${"0.".repeat(26)}0.0.d.f.ip6.arpa.`);
});

const dashed: readonly { readonly address: string; readonly label: string }[] = [
  { address: "10.1.0.2", label: "10-1-0-2" },
  { address: "fd00:1::9", label: "fd00-1--9" },
  { address: "fd00:2::", label: "fd00-2--0" },
];

for (const { address, label } of dashed) {
  test(`dashedAddress: ${address} is ${label}, and back`, () => {
    assert.equal(dashedAddress(address), label);
    assert.deepEqual(undashAddress(label), parseAddress(address));
  });
}

for (const label of ["blah", "1-2-3", "1-2-3-256", "01-2-3-4", "10.1.0.2", "", "-", "1-2-3-4-"]) {
  test(`undashAddress: "${label}" is no address`, () => {
    assert.equal(undashAddress(label), undefined);
  });
}
