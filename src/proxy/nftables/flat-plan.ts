import type { ForwardingTable } from "../table/forwarding-table.ts";
import {
  baseChains,
  type FlatOptions,
  renderBaseRuleset,
  staticSets,
  TABLE,
} from "./base-ruleset.ts";
import {
  byId,
  differing,
  type Elements,
  groupsOf,
  none,
  sameAmong,
  withoutReturning,
} from "./element-sets.ts";
import { type Element, elementId, elementsOf, isShared, partOf } from "./elements.ts";
import { type HeldNumbers, type NumberedSpread, NumberKeeper } from "./number-keeper.ts";
import { renderSpread, spreadName } from "./spread-chain.ts";

/** What the kernel carries out as a whole or not at all. Every Service is whole in one of them. */
export interface Transaction {
  /** Of tables, chains and rules, as nft text; empty in most. */
  readonly rules: string;
  readonly removed: readonly Element[];
  /** Lists before the entries that lead to them. */
  readonly added: readonly Element[];
}

/**
 * After so many elements a transaction is closed. Without root in the first user namespace the socket takes
 * 425,984 bytes (twice `net.core.wmem_max`); 36,000 are the base and an element has about 30.
 */
const TRANSACTION_ELEMENTS_MAX = 5000;

/** Of chains that spread, more do not go with elements into one transaction: one with affinity has 3,000 bytes. */
const TRANSACTION_SPREADS_MAX = 40;

/** Elements that no Service has are taken out in parts of this size. */
const LEFTOVERS_MAX = 1000;

/** What a kernel's table of this layout holds. */
export interface HeldTable extends HeldNumbers {
  /** Whether chains and rules are as this plan wrote them; if not, they are all written anew. */
  readonly areRulesIntact: boolean;
  readonly chains: readonly string[];
  /** The maps and sets that are there. */
  readonly maps: ReadonlySet<string>;
}

const emptyTransaction: Transaction = { rules: "", removed: [], added: [] };

/** Says nothing; whoever carries out transactions may do something else in between. */
const breath = emptyTransaction;

/** Rendering so many Services takes about 20 ms. */
const BREATH_SERVICES = 500;

/**
 * The flat layout: what is in the kernel's table, and what has to be said to change it.
 *
 * A plan assumes that each transaction that it gave was applied, in order. When one fails, see what the kernel
 * holds and `reconcile`, or begin again with a new plan and `replaceAll`.
 */
export class FlatPlan {
  readonly #options: FlatOptions;
  readonly #numbers = new NumberKeeper();
  /** What each Service has in the table, by map and key. */
  readonly #elements = new Map<string, Elements>();
  /** Of elements that several Services share: how many do. */
  readonly #owners = new Map<string, number>();

  constructor(options: FlatOptions) {
    this.#options = options;
  }

  /** What the kernel's table holds when every transaction was applied; the base and the spreads are not among it. */
  elements(): Elements {
    return new Map([...this.#elements.values()].flatMap((elements) => [...elements]));
  }

  /** The ways of spreading that its table has chains for. */
  get spreads(): readonly NumberedSpread[] {
    return this.#numbers.spreads;
  }

  /** Puts a new table in the place of whatever was there. */
  *replaceAll(table: ForwardingTable): Generator<Transaction> {
    // The table is declared first, so that deleting it never fails.
    const base = `table ${TABLE} {}\ndelete table ${TABLE}\n${renderBaseRuleset(this.#options)}`;
    let isFirst = true;
    for (const transaction of this.change(table, table.keys())) {
      if (transaction === breath) yield breath;
      else if (isFirst) yield { ...transaction, rules: base + transaction.rules };
      else yield transaction;
      if (transaction !== breath) isFirst = false;
    }
    if (isFirst) yield { ...emptyTransaction, rules: base };
  }

  /**
   * Brings a table of this layout, whoever wrote it, to what the forwarding table says. What is right already is not
   * touched, and clients that the kernel remembers stay with their backends.
   */
  *reconcile(table: ForwardingTable, held: HeldTable): Generator<Transaction> {
    this.#numbers.takeOver(held);
    const wanted = yield* this.#renderAll(table, [...table.keys()].toSorted());
    yield* this.#repairRules(held);
    const leftovers = this.#assumeHeld(wanted, held.elements);
    yield* this.#move(new Map([...wanted, ...leftovers.map((part) => [part, none] as const)]));
    this.#numbers.releaseHeld();
  }

  /** Brings these Services to what the table says; those that it lacks are taken out. Nothing if nothing differs. */
  *change(table: ForwardingTable, services: Iterable<string>): Generator<Transaction> {
    yield* this.#move(yield* this.#renderAll(table, [...services].toSorted()));
  }

  *#renderAll(
    table: ForwardingTable,
    services: readonly string[],
  ): Generator<Transaction, ReadonlyMap<string, Elements>> {
    const rendered = new Map<string, Elements>();
    for (const service of services) {
      rendered.set(service, this.#render(table, service));
      if (rendered.size % BREATH_SERVICES === 0) yield breath;
    }
    return rendered;
  }

  #render(table: ForwardingTable, service: string): Elements {
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

  /** Writes all chains anew in one transaction, unless they are as they should be. Elements stay as they are. */
  *#repairRules(held: HeldTable): Generator<Transaction> {
    const spreads = this.#numbers.spreads;
    const key = (spread: NumberedSpread) => `${spread.id} ${spreadName(spread)}`;
    const known = new Set(spreads.map(key));
    if (held.areRulesIntact && held.spreads.every((spread) => known.has(key(spread)))) {
      const written = new Set(held.spreads.map(key));
      this.#numbers.announce(spreads.filter((spread) => !written.has(key(spread))));
      return;
    }
    this.#numbers.announce([]);
    const own = new Set([...baseChains(this.#options), ...spreads.map(spreadName)]);
    const rules = [
      `flush table ${TABLE}\n`,
      ...staticSets
        .filter(({ name }) => held.maps.has(name))
        .map(({ kind, name }) => `flush ${kind} ${TABLE} ${name}\n`),
      ...held.chains
        .filter((chain) => !own.has(chain))
        .map((chain) => `delete chain ${TABLE} ${chain}\n`),
      renderBaseRuleset(this.#options),
      ...spreads.map(renderSpread),
    ].join("");
    yield { ...emptyTransaction, rules };
  }

  /**
   * Takes what the kernel holds for the Services' former state: to each what is right already, and the rest of the
   * entries and lists that it is going to have. Gives names to what is left, which nobody has.
   */
  #assumeHeld(wanted: ReadonlyMap<string, Elements>, held: Elements): readonly string[] {
    this.#elements.clear();
    this.#owners.clear();
    const rest = new Map(held);
    for (const [service, elements] of wanted) {
      const right = sameAmong(elements, held);
      for (const id of right.keys()) rest.delete(id);
      this.#elements.set(service, right);
    }
    const parts = Map.groupBy(rest.values(), partOf);
    if (parts.size > 0) this.#assumeParts(wanted, parts);
    const left = [...parts.values()].flat();
    // Entries before lists, so that nothing leads to a list that is not there.
    const ordered = left.toSorted((a, b) => Number(isOfList(a)) - Number(isOfList(b)));
    const names: string[] = [];
    for (let start = 0; start < ordered.length; start += LEFTOVERS_MAX) {
      const name = `left over from ${start}`;
      this.#elements.set(name, byId(ordered.slice(start, start + LEFTOVERS_MAX)));
      names.push(name);
    }
    for (const elements of this.#elements.values()) {
      for (const element of elements.values()) this.#hold(element);
    }
    return names;
  }

  /** Hands out the parts to the Services that are going to have them. */
  #assumeParts(wanted: ReadonlyMap<string, Elements>, parts: Map<string, Element[]>): void {
    for (const [service, elements] of wanted) {
      const former: Element[] = [];
      for (const element of elements.values()) {
        const part = partOf(element);
        former.push(...(parts.get(part) ?? []));
        parts.delete(part);
      }
      if (former.length === 0) continue;
      const right = this.#elements.get(service) ?? none;
      this.#elements.set(service, new Map([...right, ...byId(former)]));
    }
  }

  /** From what the Services have to what they are to have. */
  *#move(after: ReadonlyMap<string, Elements>): Generator<Transaction> {
    const groups = groupsOf(after, this.#elements);
    // An element that passes from one Service to another is held before it is released.
    const added = new Map<string, readonly Element[]>();
    for (const service of groups.flat()) {
      const former = this.#elements.get(service) ?? none;
      const elements = differing(after.get(service) ?? none, former);
      added.set(
        service,
        elements.filter((element) => this.#hold(element)),
      );
    }
    yield* this.#moveGroups(groups, after, added);
  }

  *#moveGroups(
    groups: readonly (readonly string[])[],
    after: ReadonlyMap<string, Elements>,
    added: ReadonlyMap<string, readonly Element[]>,
  ): Generator<Transaction> {
    const spreads = this.#numbers.takeNewSpreads().map(renderSpread);
    while (spreads.length > TRANSACTION_SPREADS_MAX) {
      yield { ...emptyTransaction, rules: spreads.splice(0, TRANSACTION_SPREADS_MAX).join("") };
    }
    let rules = spreads.join("");
    let going: Element[] = [];
    let coming: Element[] = [];
    for (const group of groups) {
      for (const service of group) {
        const former = this.#elements.get(service) ?? none;
        const latter = after.get(service) ?? none;
        going.push(...differing(former, latter).filter((element) => this.#release(element)));
        coming.push(...(added.get(service) ?? []));
        if (latter.size === 0) this.#elements.delete(service);
        else this.#elements.set(service, latter);
      }
      if (going.length + coming.length < TRANSACTION_ELEMENTS_MAX) continue;
      yield { rules, ...withoutReturning(going, coming) };
      rules = "";
      going = [];
      coming = [];
    }
    const last = { rules, ...withoutReturning(going, coming) };
    if (last.rules !== "" || last.removed.length + last.added.length > 0) yield last;
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

function isOfList(element: Element): boolean {
  return partOf(element).startsWith("list");
}
