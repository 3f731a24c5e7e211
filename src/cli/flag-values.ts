import { InvalidArgumentError } from "commander";
import { parseCidr } from "../lib/ip.ts";

// The values of options. Each parser throws commander's InvalidArgumentError, which names the option and its value.

/** A whole number within limits. */
export function integer(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
  };
}

/** One address range, or one of each family with a comma between them. */
export function cidrs(text: string): string[] {
  const list = text.split(",").map((part) => part.trim());
  const families = list.map((part) => {
    const cidr = parseCidr(part);
    if (cidr === undefined) {
      throw new InvalidArgumentError(`"${part}" is no range; write it like 10.96.0.0/12.`);
    }
    return cidr.family;
  });
  if (new Set(families).size === list.length && list.length <= 2) return list;
  throw new InvalidArgumentError("Give at most one range for IPv4 and one for IPv6.");
}

/** Two ports with a dash between them. */
export function portRange(text: string): { from: number; to: number } {
  const match = /^(\d+)-(\d+)$/.exec(text);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && from >= 1 && from <= to && to <= 65535) return { from, to };
  throw new InvalidArgumentError("It must look like 30000-32767.");
}

/** The name of a file or folder. An empty one, such as an unset variable gives, would mean the folder one is in. */
export function path(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must not be empty.");
}

/** For an option that may be repeated. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
