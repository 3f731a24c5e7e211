import { setImmediate as nextTurn } from "node:timers/promises";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import { Nft } from "../../kernel/nft.ts";
import { type NftState, openNftState } from "../../kernel/nft-state.ts";
import type { DataPlane } from "../table/data-plane.ts";
import type { ForwardingTable } from "../table/forwarding-table.ts";
import { type FlatOptions, TABLE, TABLE_NAME } from "./base-ruleset.ts";
import { comparableMaps, elementBytes } from "./element-bytes.ts";
import type { Element } from "./elements.ts";
import { FlatPlan, type Transaction } from "./flat-plan.ts";

/** Writes the flat layout into the nftables of one network namespace. */
export function openFlatDataPlane(namespace: NetworkNamespace, options: FlatOptions): DataPlane {
  return new FlatDataPlane(namespace, options);
}

class FlatDataPlane implements DataPlane {
  readonly name = "nftables";
  readonly #options: FlatOptions;
  readonly #nft: Nft;
  readonly #state: NftState;
  /** What the kernel holds; undefined before the first success and after a failure. */
  #plan: FlatPlan | undefined;
  /** Of chains and rules as we wrote them; undefined while the table is being replaced. */
  #fingerprint: string | undefined;
  /** Somebody else's chains or rules were found when we added some of our own. */
  #isTampered = false;
  /** The generation up to which nobody else wrote; undefined if somebody may have. */
  #ownGeneration: number | undefined;

  constructor(namespace: NetworkNamespace, options: FlatOptions) {
    this.#options = options;
    this.#nft = new Nft(namespace);
    this.#state = openNftState(namespace);
  }

  async apply(table: ForwardingTable, services?: ReadonlySet<string>): Promise<void> {
    const plan = services === undefined ? undefined : this.#plan;
    this.#plan = undefined;
    if (plan === undefined || services === undefined) {
      const fresh = new FlatPlan(this.#options);
      this.#ownGeneration = undefined;
      this.#fingerprint = undefined;
      this.#isTampered = false;
      await this.#runAll(fresh.replaceAll(table));
      this.#plan = fresh;
      return;
    }
    await this.#runAll(plan.change(table, services));
    this.#plan = plan;
  }

  async isIntact(): Promise<boolean> {
    if (this.#plan === undefined || this.#isTampered) return false;
    const generation = this.#state.generation();
    if (generation === this.#ownGeneration) return true;
    // Somebody wrote, most often to a table of their own.
    if (!(await this.#equals(this.#plan))) return false;
    this.#ownGeneration = generation;
    return true;
  }

  async remove(): Promise<void> {
    this.#plan = undefined;
    this.#nft.run(`table ${TABLE} {}\ndelete table ${TABLE}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#nft[Symbol.dispose]();
    this.#state[Symbol.dispose]();
  }

  /** One after the other, with a breath between them: each blocks for up to 30 ms. */
  async #runAll(transactions: Iterable<Transaction>): Promise<void> {
    let isFirst = true;
    for (const transaction of transactions) {
      if (!isFirst) await nextTurn();
      isFirst = false;
      this.#run(transaction);
    }
  }

  #run(transaction: Transaction): void {
    const addsChains = transaction.includes("chain ");
    if (addsChains && this.#fingerprint !== undefined) {
      this.#isTampered ||= this.#state.fingerprint(TABLE_NAME) !== this.#fingerprint;
    }
    this.#nft.run(transaction);
    if (addsChains) this.#fingerprint = this.#state.fingerprint(TABLE_NAME);
    if (this.#ownGeneration === undefined) return;
    // Each transaction counts one.
    const generation = this.#state.generation();
    this.#ownGeneration = generation === this.#ownGeneration + 1 ? generation : undefined;
  }

  async #equals(plan: FlatPlan): Promise<boolean> {
    if (this.#state.fingerprint(TABLE_NAME) !== this.#fingerprint) return false;
    const wanted = Map.groupBy(plan.elements().values(), (element) => element.in);
    for (const map of comparableMaps) {
      if (!this.#holds(map, wanted.get(map) ?? [])) return false;
      await nextTurn();
    }
    return true;
  }

  #holds(map: string, wanted: readonly Element[]): boolean {
    const held = this.#state.elements(TABLE_NAME, map);
    if (held?.length !== wanted.length) return false;
    const values = new Map(held.map(({ key, value }) => [key, value]));
    return wanted.every((element) => {
      const bytes = elementBytes(element);
      return bytes !== undefined && values.has(bytes.key) && values.get(bytes.key) === bytes.value;
    });
  }
}
