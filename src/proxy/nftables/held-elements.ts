import { bitsOf, formatCidr, formatIp, type IpFamily, parseIp } from "../../lib/ip.ts";
import type { Element } from "./elements.ts";
import { formatMarkNumber } from "./marks.ts";

/** An element as the kernel holds it, in hexadecimal; each part of a concatenation is padded to four bytes. */
interface Raw {
  readonly key: string;
  readonly keyEnd: string | undefined;
  readonly value: string | undefined;
}

type Part = "ip" | "range" | "protocol" | "port" | "mark" | "slot";

interface Shape {
  readonly key: readonly Part[];
  readonly value?: readonly Part[];
}

const entry = ["ip", "protocol", "port"] as const;
const port = ["protocol", "port"] as const;
const mark = ["mark"] as const;
const backend = ["ip", "port"] as const;

/** By the map's name without the digit of its family. What is not here has verdicts, or a life of its own. */
const shapes: Readonly<Record<string, Shape>> = {
  services: { key: entry, value: mark },
  nodeports: { key: port, value: mark },
  "cluster-ips": { key: ["ip"] },
  inside: { key: mark, value: mark },
  outside: { key: mark, value: mark },
  slots: { key: ["mark", "slot"], value: mark },
  backends: { key: mark, value: backend },
  hairpins: { key: ["ip", "ip"] },
  restricted: { key: entry },
  admitted: { key: [...entry, "range"] },
  dropped: { key: entry },
  "dropped-ports": { key: port },
  rejected: { key: entry },
  "rejected-ports": { key: port },
};

/** The maps and sets whose elements follow from Services. */
export const elementMaps: readonly string[] = Object.keys(shapes).flatMap((name) => [
  `${name}4`,
  `${name}6`,
]);

/** The kernel's form of an element in the words that a plan would use. */
export function heldElement(map: string, raw: Raw): Element {
  const shape = shapes[map.slice(0, -1)] ?? { key: [] };
  const family = map.endsWith("4") ? "IPv4" : "IPv6";
  return {
    in: map,
    key: decode(raw, shape.key, family),
    value:
      raw.value === undefined
        ? undefined
        : decode({ key: raw.value, keyEnd: undefined }, shape.value ?? [], family),
  };
}

function decode(
  { key, keyEnd }: Pick<Raw, "key" | "keyEnd">,
  parts: readonly Part[],
  family: IpFamily,
): string {
  let at = 0;
  const words = parts.map((part) => {
    const digits = part === "ip" || part === "range" ? (family === "IPv4" ? 8 : 32) : 8;
    const word = decodePart(part, family, key.slice(at, at + digits));
    const end = part === "range" ? keyEnd?.slice(at, at + digits) : undefined;
    at += digits;
    return end === undefined ? word : formatRange(family, word, decodePart("ip", family, end));
  });
  return words.join(" . ");
}

const protocols: Readonly<Record<string, string>> = { "06": "tcp", "11": "udp", "84": "sctp" };

function decodePart(part: Part, family: IpFamily, hex: string): string {
  switch (part) {
    case "ip":
    case "range":
      return formatIp({ family, value: BigInt(`0x${hex}`) });
    case "protocol":
      return protocols[hex.slice(0, 2)] ?? String(Number.parseInt(hex.slice(0, 2), 16));
    case "port":
      return String(Number.parseInt(hex.slice(0, 4), 16));
    case "mark":
      return formatMarkNumber(hostOrder(hex));
    case "slot":
      return String(hostOrder(hex));
  }
}

/** Marks and slots are in host order, which is little endian on every system Portolan knows. */
function hostOrder(hex: string): number {
  return Number.parseInt(hex.slice(6) + hex.slice(4, 6) + hex.slice(2, 4) + hex.slice(0, 2), 16);
}

/** As a prefix where it is one; what somebody else added need not be. */
function formatRange(family: IpFamily, first: string, last: string): string {
  const low = parseIp(first)?.value ?? 0n;
  const hosts = (parseIp(last)?.value ?? 0n) - low;
  const hostBits = hosts === 0n ? 0 : hosts.toString(2).length;
  const isPrefix = hosts === 2n ** BigInt(hostBits) - 1n && (low & hosts) === 0n;
  if (!isPrefix) return `${first}-${last}`;
  return formatCidr({ family, base: low, prefixLength: bitsOf(family) - hostBits });
}
