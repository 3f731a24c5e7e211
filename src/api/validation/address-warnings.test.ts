import assert from "node:assert/strict";
import { test } from "node:test";
import { cidrWarnings, ipWarnings } from "./address-warnings.ts";

const future = "will be considered invalid in a future Kubernetes release: use";
const canonical = "should be in RFC 5952 canonical format";

const ips: readonly { readonly name: string; readonly text: string; readonly want?: string }[] = [
  { name: "IPv4", text: "192.0.2.2" },
  { name: "IPv6", text: "2001:db8::2" },
  { name: "what is no address is refused elsewhere", text: "example.org" },
  {
    name: "leading zeros may be octal",
    text: "192.00.02.2",
    want: `f: non-standard IP address "192.00.02.2" ${future} "192.0.2.2"`,
  },
  {
    name: "leading zeros at the end",
    text: "192.0.2.02",
    want: `f: non-standard IP address "192.0.2.02" ${future} "192.0.2.2"`,
  },
  {
    name: "IPv4 in IPv6 form",
    text: "::ffff:192.0.2.2",
    want: `f: non-standard IP address "::ffff:192.0.2.2" ${future} "192.0.2.2"`,
  },
  {
    name: "zeros written out",
    text: "2001:db8:0:0::2",
    want: `f: IPv6 address "2001:db8:0:0::2" ${canonical} ("2001:db8::2")`,
  },
  {
    name: "zeros before a group are not octal",
    text: "2001:0db8::02",
    want: `f: IPv6 address "2001:0db8::02" ${canonical} ("2001:db8::2")`,
  },
];

for (const { name, text, want } of ips) {
  test(`ipWarnings: ${name}: ${text}`, () => {
    assert.deepEqual(ipWarnings(text, "f"), want === undefined ? [] : [want]);
  });
}

const cidrs: readonly {
  readonly name: string;
  readonly text: string;
  readonly want?: readonly string[];
}[] = [
  { name: "IPv4", text: "192.0.2.0/24" },
  { name: "IPv6", text: "2001:db8::/64" },
  { name: "padded: not read", text: " 192.0.2.0/24" },
  {
    name: "host bits: a range or an address",
    text: "192.0.2.4/24",
    want: [
      'f: CIDR value "192.0.2.4/24" is ambiguous in this context (should be "192.0.2.0/24" or "192.0.2.4/32"?)',
    ],
  },
  {
    name: "leading zeros",
    text: "192.00.2.0/24",
    want: [`f: non-standard CIDR value "192.00.2.0/24" ${future} "192.0.2.0/24"`],
  },
  {
    name: "leading zeros before the slash, and host bits",
    text: "192.0.2.04/24",
    want: [
      'f: CIDR value "192.0.2.04/24" is ambiguous in this context (should be "192.0.2.0/24" or "192.0.2.4/32"?)',
      `f: non-standard CIDR value "192.0.2.04/24" ${future} "192.0.2.0/24"`,
    ],
  },
  {
    name: "zeros written out",
    text: "2001:db8:0:0::/64",
    want: [`f: IPv6 CIDR value "2001:db8:0:0::/64" ${canonical} ("2001:db8::/64")`],
  },
];

for (const { name, text, want = [] } of cidrs) {
  test(`cidrWarnings: ${name}: ${text}`, () => assert.deepEqual(cidrWarnings(text, "f"), want));
}
