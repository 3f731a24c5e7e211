import type { ElementBytes } from "../../kernel/nft-elements.ts";
import { bitsOf, formatCidr, formatIp, type IpFamily, parseCidr, parseIp } from "../../lib/ip.ts";
import type { Element } from "./elements.ts";
import { formatMarkNumber } from "./marks.ts";

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

/** An element in the kernel's form. */
export function rawElement(element: Element): ElementBytes {
  const shape = shapes[element.in.slice(0, -1)] ?? { key: [] };
  const isRange = shape.key.at(-1) === "range";
  return {
    key: encode(element.key, shape.key, "first"),
    keyEnd: isRange ? encode(element.key, shape.key, "last") : undefined,
    value:
      element.value === undefined ? undefined : encode(element.value, shape.value ?? [], "first"),
  };
}

function encode(text: string, parts: readonly Part[], end: "first" | "last"): string {
  const words = text.split(" . ");
  let hex = "";
  for (const [index, part] of parts.entries()) hex += encodePart(words[index] ?? "", part, end);
  return hex;
}

const protocolNumbers: Readonly<Record<string, string>> = {
  tcp: "06000000",
  udp: "11000000",
  sctp: "84000000",
};

function encodePart(word: string, part: Part, end: "first" | "last"): string {
  switch (part) {
    case "ip":
      return encodeIp(word);
    case "range":
      return encodeRange(word, end);
    case "protocol":
      return protocolNumbers[word] ?? `${hexOf(Number(word), 2)}000000`;
    case "port":
      return `${hexOf(Number(word), 4)}0000`;
    case "mark":
    case "slot":
      return hostOrder(hexOf(Number(word), 8));
  }
}

/** IPv4 is written out here, since there are many of them. */
function encodeIp(word: string): string {
  if (!word.includes(":")) {
    let hex = "";
    for (const byte of word.split(".")) hex += hexOf(Number(byte), 2);
    return hex;
  }
  return (parseIp(word)?.value ?? 0n).toString(16).padStart(32, "0");
}

function encodeRange(word: string, end: "first" | "last"): string {
  const [first = "", last = ""] = word.split("-");
  if (last !== "") return encodeIp(end === "first" ? first : last);
  const range = parseCidr(word);
  if (range === undefined) return encodeIp(word);
  const hosts = 2n ** BigInt(bitsOf(range.family) - range.prefixLength) - 1n;
  const value = end === "first" ? range.base : range.base + hosts;
  return encodeIp(formatIp({ family: range.family, value }));
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** The kernel's form of an element in the words that a plan would use. */
export function heldElement(map: string, raw: ElementBytes): Element {
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
  { key, keyEnd }: Pick<ElementBytes, "key" | "keyEnd">,
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
      return formatMarkNumber(Number.parseInt(hostOrder(hex), 16));
    case "slot":
      return String(Number.parseInt(hostOrder(hex), 16));
  }
}

/** Marks and slots are in host order, which is little endian on every system Portolan knows. */
function hostOrder(hex: string): string {
  return hex.slice(6) + hex.slice(4, 6) + hex.slice(2, 4) + hex.slice(0, 2);
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
