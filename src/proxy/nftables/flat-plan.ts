import type { ForwardingTable } from "../table/forwarding-table.ts";
import { type FlatOptions, families, renderBaseRuleset, TABLE } from "./base-ruleset.ts";
import { type Element, elementsOf } from "./elements.ts";
import { LIST_MASK } from "./marks.ts";
import { type NumberedSpread, NumberKeeper } from "./number-keeper.ts";

/**
 * nft text that the kernel carries out as a whole or not at all. Every Service is whole in one of them.
 */
export type Transaction = string;

/**
 * After so many elements a transaction is closed. Without root in the first user namespace the socket takes
 * 425,984 bytes (twice `net.core.wmem_max`); 36,000 are the base and an element has about 30.
 */
const TRANSACTION_ELEMENTS_MAX = 5000;

/**
 * The flat layout: what is in the kernel's table, and what has to be said to change it.
 *
 * A plan assumes that each transaction that it gave was applied, in order. When one fails, begin again
 * with a new plan and `replaceAll`.
 */
export class FlatPlan {
  readonly #options: FlatOptions;
  readonly #numbers = new NumberKeeper();
  /** What each Service has in the table, by map and key. */
  readonly #elements = new Map<string, ReadonlyMap<string, Element>>();
  /** Of elements that several Services share: how many do. */
  readonly #owners = new Map<string, number>();

  constructor(options: FlatOptions) {
    this.#options = options;
  }

  /** What the kernel's table holds when every transaction was applied; the base and the spreads are not among it. */
  elements(): ReadonlyMap<string, Element> {
    return new Map([...this.#elements.values()].flatMap((elements) => [...elements]));
  }

  /** Puts a new table in the place of whatever was there. */
  *replaceAll(table: ForwardingTable): Generator<Transaction> {
    // The table is declared first, so that deleting it never fails.
    const base = `table ${TABLE} {}\ndelete table ${TABLE}\n${renderBaseRuleset(this.#options)}`;
    const [first = "", ...others] = this.change(table, table.keys());
    yield base + first;
    yield* others;
  }

  /** Brings these Services to what the table says; those that it lacks are taken out. Nothing if nothing differs. */
  *change(table: ForwardingTable, services: Iterable<string>): Generator<Transaction> {
    let removed: Element[] = [];
    let added: Element[] = [];
    for (const service of [...services].toSorted()) {
      const before = this.#elements.get(service) ?? new Map<string, Element>();
      const after = this.#render(table, service);
      removed.push(...differing(before, after).filter((element) => this.#release(element)));
      added.push(...differing(after, before).filter((element) => this.#hold(element)));
      if (after.size === 0) this.#elements.delete(service);
      else this.#elements.set(service, after);
      if (removed.length + added.length < TRANSACTION_ELEMENTS_MAX) continue;
      yield this.#transaction(removed, added);
      removed = [];
      added = [];
    }
    const last = this.#transaction(removed, added);
    if (last !== "") yield last;
  }

  #transaction(removed: readonly Element[], added: readonly Element[]): Transaction {
    const [dropped, kept] = withoutReturning(removed, added);
    return [
      ...this.#numbers.takeNewSpreads().map(renderSpread),
      ...renderElements("delete", dropped),
      ...renderElements("add", kept),
    ].join("");
  }

  #render(table: ForwardingTable, service: string): ReadonlyMap<string, Element> {
    const elements = new Map<string, Element>();
    const numbers = this.#numbers.forService(service);
    for (const routing of table.get(service) ?? []) {
      for (const element of elementsOf(routing, this.#options.config, numbers)) {
        elements.set(elementId(element), element);
      }
    }
    numbers.forgetUnused();
    return elements;
  }

  /** Whether the element is new to the table. */
  #hold(element: Element): boolean {
    if (!isShared(element)) return true;
    const id = elementId(element);
    const owners = this.#owners.get(id) ?? 0;
    this.#owners.set(id, owners + 1);
    return owners === 0;
  }

  /** Whether the element has to leave the table. */
  #release(element: Element): boolean {
    if (!isShared(element)) return true;
    const id = elementId(element);
    const owners = this.#owners.get(id) ?? 0;
    if (owners > 1) this.#owners.set(id, owners - 1);
    else this.#owners.delete(id);
    return owners === 1;
  }
}

/** What names an element in the whole table. */
function elementId(element: Element): string {
  return `${element.in} ${element.key}`;
}

/** The elements that the others lack, or have another value for. */
function differing(
  elements: ReadonlyMap<string, Element>,
  others: ReadonlyMap<string, Element>,
): readonly Element[] {
  return [...elements].flatMap(([id, element]) => {
    const other = others.get(id);
    return other !== undefined && other.value === element.value ? [] : [element];
  });
}

/** Backends may serve several Services, and these may share an address; an entry has one owner. */
function isShared(element: Element): boolean {
  return element.in.startsWith("hairpins") || element.in.startsWith("cluster-ips");
}

/** An element that one Service gives up and another takes over unchanged stays where it is. */
function withoutReturning(
  removed: readonly Element[],
  added: readonly Element[],
): readonly [readonly Element[], readonly Element[]] {
  const text = ({ in: map, key, value }: Element) => `${map} ${key} : ${value}`;
  const coming = new Set(added.map(text));
  const going = new Set(removed.map(text));
  return [
    removed.filter((element) => !coming.has(text(element))),
    added.filter((element) => !going.has(text(element))),
  ];
}

/** Longer lists of elements become several commands. */
const COMMAND_ELEMENTS_MAX = 1000;

/** Lists before entries, so that nothing leads to a list that is not there. */
function renderElements(verb: "add" | "delete", elements: readonly Element[]): readonly string[] {
  const byMap = Map.groupBy(elements, (element) => element.in);
  return [...byMap].flatMap(([map, members]) => {
    const commands: string[] = [];
    for (let start = 0; start < members.length; start += COMMAND_ELEMENTS_MAX) {
      const texts = members
        .slice(start, start + COMMAND_ELEMENTS_MAX)
        .map(({ key, value }) =>
          verb === "delete" || value === undefined ? key : `${key} : ${value}`,
        );
      commands.push(`${verb} element ${TABLE} ${map} { ${texts.join(", ")} }\n`);
    }
    return commands;
  });
}

/** The chain that spreads connections over a number of slots, and the way to it. */
function renderSpread({ id, digit, slots, affinitySeconds }: NumberedSpread): string {
  const { ip, client: source } = digit === "4" ? families.IPv4 : families.IPv6;
  const list = `meta mark & ${LIST_MASK}`;
  const slot = `${list} . numgen random mod ${slots}`;
  const client = `${list} . ${source}`;
  const remember = `update @clients${digit} { ${client} timeout ${affinitySeconds}s : meta mark }`;
  const chooseSlot = `meta mark set ${slot} map @slots${digit}`;
  const toBackend = `meta l4proto { tcp, udp, sctp } dnat ${ip} to meta mark map @backends${digit}`;
  const isSticky = affinitySeconds !== undefined;
  const name = `spread${digit}-${slots}${isSticky ? `-for-${affinitySeconds}s` : ""}`;
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
