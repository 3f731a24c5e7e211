import { bitsOf, formatCidr, formatIp, type IpAddress, parseCidr, parseIp } from "../../lib/ip.ts";
import { unmapped } from "./network.ts";

/** What is accepted as an address and yet read differently by different programs. */
export function ipWarnings(text: string, field: string): string[] {
  const address = parseIp(text);
  if (address === undefined) return [];
  const plain = formatIp(unmapped(address));
  if (isAmbiguous(text, address))
    return [futureRefusal(`${field}: non-standard IP address`, text, plain)];
  return text === plain ? [] : [shouldBe(`${field}: IPv6 address`, text, plain)];
}

/** The same for ranges. */
export function cidrWarnings(text: string, field: string): string[] {
  const range = parseCidr(text);
  const address = parseIp(text.slice(0, text.indexOf("/")));
  if (range === undefined || address === undefined) return [];
  const plain = formatCidr(range);
  const warnings: string[] = [];
  if (address.value !== range.base) {
    const one = `${formatIp(address)}/${bitsOf(address.family)}`;
    warnings.push(
      `${field}: CIDR value "${text}" is ambiguous in this context (should be "${plain}" or "${one}"?)`,
    );
  }
  if (isAmbiguous(text, address)) {
    warnings.push(futureRefusal(`${field}: non-standard CIDR value`, text, plain));
  }
  return warnings.length > 0 || text === plain
    ? warnings
    : [shouldBe(`${field}: IPv6 CIDR value`, text, plain)];
}

/** Leading zeros are octal to some; and an IPv4 address in IPv6 form has the family that the reader likes. */
function isAmbiguous(text: string, address: IpAddress): boolean {
  return /(?:^|[.:])0\d+\.|\.0\d+(?:\/|$)/.test(text) || unmapped(address) !== address;
}

function futureRefusal(what: string, text: string, plain: string): string {
  return `${what} "${text}" will be considered invalid in a future Kubernetes release: use "${plain}"`;
}

function shouldBe(what: string, text: string, plain: string): string {
  return `${what} "${text}" should be in RFC 5952 canonical format ("${plain}")`;
}
