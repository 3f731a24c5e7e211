import { parseIp } from "../../lib/ip.ts";
import type { Element } from "./elements.ts";

/** How the kernel holds an element, in hexadecimal: each part of a concatenation is padded to four bytes. */
export interface ElementBytes {
  readonly key: string;
  readonly value: string | undefined;
}

type Part = "ip" | "protocol" | "port" | "number";

interface Shape {
  readonly key: readonly Part[];
  readonly value?: readonly Part[];
}

const entry = ["ip", "protocol", "port"] as const;
const port = ["protocol", "port"] as const;
const mark = ["number"] as const;
const slot = ["number", "number"] as const;
const backend = ["ip", "port"] as const;

/** By the map's name without the digit of its family. What is not here has intervals, verdicts or a life of its own. */
const shapes: Readonly<Record<string, Shape>> = {
  services: { key: entry, value: mark },
  nodeports: { key: port, value: mark },
  "cluster-ips": { key: ["ip"] },
  inside: { key: mark, value: mark },
  outside: { key: mark, value: mark },
  slots: { key: slot, value: mark },
  backends: { key: mark, value: backend },
  hairpins: { key: ["ip", "ip"] },
  restricted: { key: entry },
  dropped: { key: entry },
  "dropped-ports": { key: port },
  rejected: { key: entry },
  "rejected-ports": { key: port },
};

/** The maps and sets whose elements can be compared with the kernel's. */
export const comparableMaps: readonly string[] = Object.keys(shapes).flatMap((name) => [
  `${name}4`,
  `${name}6`,
]);

/** An element of a comparable map in the kernel's form. */
export function elementBytes(element: Element): ElementBytes | undefined {
  const shape = shapes[element.in.slice(0, -1)];
  if (shape === undefined) return undefined;
  return {
    key: encode(element.key, shape.key),
    value: element.value === undefined ? undefined : encode(element.value, shape.value ?? []),
  };
}

function encode(text: string, parts: readonly Part[]): string {
  const words = text.split(" . ");
  return parts.map((part, index) => encodePart(words[index] ?? "", part)).join("");
}

const protocols: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };

function encodePart(word: string, part: Part): string {
  switch (part) {
    case "ip":
      return encodeIp(word);
    case "protocol":
      return `${hex(protocols[word] ?? 0, 2)}000000`;
    case "port":
      return `${hex(Number(word), 4)}0000`;
    // Marks and slots are in host order.
    case "number": {
      const big = hex(Number(word), 8);
      return big.slice(6) + big.slice(4, 6) + big.slice(2, 4) + big.slice(0, 2);
    }
  }
}

function encodeIp(word: string): string {
  const address = parseIp(word);
  if (address === undefined) return "";
  return address.value.toString(16).padStart(address.family === "IPv6" ? 32 : 8, "0");
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
