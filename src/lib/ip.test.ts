import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canonicalIp,
  cidrAddress,
  cidrContains,
  formatCidr,
  formatIp,
  parseCidr,
  parseIp,
  subCidr,
} from "./ip.ts";

const canonical: readonly { readonly text: string; readonly want: string | undefined }[] = [
  { text: "10.0.0.1", want: "10.0.0.1" },
  { text: "255.255.255.255", want: "255.255.255.255" },
  { text: "010.0.0.1", want: "10.0.0.1" },
  { text: "10.0.0.0x1", want: undefined },
  { text: "10.0.0.1000", want: undefined },
  { text: "1.2.3", want: undefined },
  { text: "1.2.3.256", want: undefined },
  { text: "::", want: "::" },
  { text: "::1", want: "::1" },
  { text: "fd00:0:0:0:0:0:0:5", want: "fd00::5" },
  { text: "2001:DB8::1:0:0:1", want: "2001:db8::1:0:0:1" },
  { text: "2001:db8:0:1:1:1:1:1", want: "2001:db8:0:1:1:1:1:1" },
  { text: "1:0:0:2:0:0:0:3", want: "1:0:0:2::3" },
  { text: "::ffff:1.2.3.4", want: "::ffff:1.2.3.4" },
  { text: "64:ff9b::1.2.3.4", want: "64:ff9b::102:304" },
  { text: "1::2::3", want: undefined },
  { text: "1:2:3:4:5:6:7:8:9", want: undefined },
  { text: "1:2:3:4:5:6:7::8", want: undefined },
  { text: "fe80::1%eth0", want: undefined },
  { text: "", want: undefined },
];

for (const { text, want } of canonical) {
  test(`canonicalIp: "${text}" becomes ${want}`, () => assert.equal(canonicalIp(text), want));
}

test("parseCidr: host bits are cleared", () => {
  assert.equal(formatCidr(parseCidr("10.96.5.4/12")!), "10.96.0.0/12");
  assert.equal(formatCidr(parseCidr("fd00::1/64")!), "fd00::/64");
});

for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "x/8", "::/129"]) {
  test(`parseCidr: refuses "${text}"`, () => assert.equal(parseCidr(text), undefined));
}

test("cidrContains: an address of the other family is outside", () => {
  const range = parseCidr("0.0.0.0/0")!;
  assert.equal(cidrContains(range, parseIp("::1")!), false);
  assert.equal(cidrContains(range, parseIp("1.2.3.4")!), true);
});

test("cidrAddress and subCidr stay inside the range", () => {
  const range = parseCidr("10.244.0.0/16")!;
  assert.equal(formatIp(cidrAddress(range, 10n)!), "10.244.0.10");
  assert.equal(cidrAddress(range, 65536n), undefined);
  assert.equal(formatCidr(subCidr(range, 24, 3)!), "10.244.3.0/24");
  assert.equal(subCidr(range, 24, 256), undefined);
});
