import { families, TABLE } from "./base-ruleset.ts";
import type { Spread } from "./elements.ts";
import { LIST_MASK } from "./marks.ts";
import type { NumberedSpread } from "./number-keeper.ts";

/** The name of the chain that spreads connections over a number of slots. */
export function spreadName({ digit, slots, affinitySeconds }: Spread): string {
  return `spread${digit}-${slots}${affinitySeconds === undefined ? "" : `-for-${affinitySeconds}s`}`;
}

/** What a chain of that name does; undefined for another chain. */
export function parseSpreadName(name: string): Spread | undefined {
  const [, digit, slots, seconds] = /^spread([46])-([1-9]\d*)(?:-for-(\d+)s)?$/.exec(name) ?? [];
  if ((digit !== "4" && digit !== "6") || slots === undefined) return undefined;
  return {
    digit,
    slots: Number(slots),
    affinitySeconds: seconds === undefined ? undefined : Number(seconds),
  };
}

/** The chain that spreads connections over a number of slots, and the way to it. */
export function renderSpread(spread: NumberedSpread): string {
  const { id, digit, slots, affinitySeconds } = spread;
  const { ip, client: source } = digit === "4" ? families.IPv4 : families.IPv6;
  const list = `meta mark & ${LIST_MASK}`;
  const slot = `${list} . numgen random mod ${slots}`;
  const client = `${list} . ${source}`;
  const remember = `update @clients${digit} { ${client} timeout ${affinitySeconds}s : meta mark }`;
  const chooseSlot = `meta mark set ${slot} map @slots${digit}`;
  const toBackend = `meta l4proto { tcp, udp, sctp } dnat ${ip} to meta mark map @backends${digit}`;
  const isSticky = affinitySeconds !== undefined;
  const name = spreadName(spread);
  const rules = isSticky
    ? [
        // A lookup that misses ends its rule: a client that is unknown, or whose backend is gone, comes to the second.
        `meta mark set ${client} map @clients${digit} ${remember} ${toBackend}`,
        // An update would keep the old backend, so that has to be deleted first.
        `delete @clients${digit} { ${client} : meta mark } ${chooseSlot} ${remember} ${toBackend}`,
        // There is no room to remember one more client.
        toBackend,
        "meta mark set 0",
      ]
    : [`${chooseSlot} ${toBackend}`, "meta mark set 0"];
  const body = rules.map((rule) => `    ${rule}\n`).join("");
  return `table ${TABLE} {\n  chain ${name} {\n${body}  }\n}\nadd element ${TABLE} spreads${digit} { ${id} : goto ${name} }\n`;
}
