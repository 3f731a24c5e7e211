import { setImmediate as nextTurn } from "node:timers/promises";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import { type NftState, openNftState } from "../../kernel/nft-state.ts";
import type { DataPlane } from "../table/data-plane.ts";
import type { ForwardingTable } from "../table/forwarding-table.ts";
import { type FlatOptions, layoutOf, staticSets, TABLE_NAME } from "./base-ruleset.ts";
import { FlatPlan, type Transaction } from "./flat-plan.ts";
import { compareElements, HeldReader } from "./held-table.ts";
import { isEmpty, KernelWriter } from "./kernel-writer.ts";

/** Writes the flat layout into the nftables of one network namespace. */
export function openFlatDataPlane(namespace: NetworkNamespace, options: FlatOptions): DataPlane {
  return new FlatDataPlane(namespace, options);
}

class FlatDataPlane implements DataPlane {
  readonly name = "nftables";
  readonly #options: FlatOptions;
  readonly #writer: KernelWriter;
  readonly #state: NftState;
  readonly #reader: HeldReader;
  #plan: FlatPlan;
  /** Whether the kernel holds what the plan says: not before the first success, nor after a failure. */
  #isCurrent = false;
  /** What is in the kernel could not be mended, so it is thrown away. */
  #mustReplace = false;
  /** Of chains and rules as we wrote them; undefined before. */
  #fingerprint: string | undefined;
  /** Somebody else's chains or rules were found when we added some of our own. */
  #isTampered = false;
  /** The generation up to which nobody else wrote; undefined if somebody may have. */
  #ownGeneration: number | undefined;

  constructor(namespace: NetworkNamespace, options: FlatOptions) {
    this.#options = options;
    this.#writer = new KernelWriter(namespace);
    this.#state = openNftState(namespace);
    this.#reader = new HeldReader(this.#state);
    this.#plan = new FlatPlan(options);
  }

  async apply(table: ForwardingTable, services?: ReadonlySet<string>): Promise<void> {
    const isCurrent = this.#isCurrent;
    this.#isCurrent = false;
    if (isCurrent && services !== undefined) {
      await this.#runAll(this.#plan.change(table, services));
    } else {
      await this.#applyAll(table);
    }
    this.#isCurrent = true;
  }

  async findDrift(): Promise<readonly string[]> {
    if (!this.#isCurrent) return ["nothing is known to be written"];
    const generation = this.#state.generation();
    if (generation === this.#ownGeneration && !this.#isTampered) return [];
    // Somebody wrote, most often to a table of their own.
    const differences = await this.#differences();
    if (differences.length === 0) this.#ownGeneration = generation;
    return differences;
  }

  async remove(): Promise<void> {
    this.#isCurrent = false;
    this.#writer.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#writer[Symbol.dispose]();
    this.#state[Symbol.dispose]();
  }

  /**
   * Makes the kernel's table what it should be, whatever it is. A table of this layout is mended in place: only what
   * differs is written, so packets are forwarded all the while, and remembered clients are not forgotten.
   */
  async #applyAll(table: ForwardingTable): Promise<void> {
    this.#ownGeneration = undefined;
    const isOurs = this.#state.comment(TABLE_NAME) === layoutOf(this.#options);
    if (isOurs && !this.#mustReplace) {
      const held = await this.#reader.read({ areRulesIntact: this.#areRulesIntact() });
      this.#mustReplace = true;
      await this.#runAll(this.#plan.reconcile(table, held));
    } else {
      this.#fingerprint = undefined;
      this.#plan = new FlatPlan(this.#options);
      await this.#runAll(this.#plan.replaceAll(table));
    }
    this.#mustReplace = false;
    this.#isTampered = false;
  }

  #areRulesIntact(): boolean {
    return !this.#isTampered && this.#fingerprint === this.#readFingerprint();
  }

  #readFingerprint(): string {
    return this.#state.fingerprint(
      TABLE_NAME,
      staticSets.map(({ name }) => name),
    );
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
    const addsChains = transaction.rules !== "";
    if (addsChains && this.#fingerprint !== undefined) {
      this.#isTampered ||= this.#readFingerprint() !== this.#fingerprint;
    }
    this.#writer.run(transaction);
    if (addsChains) this.#fingerprint = this.#readFingerprint();
    if (this.#ownGeneration === undefined || isEmpty(transaction)) return;
    // Each transaction counts one.
    const generation = this.#state.generation();
    this.#ownGeneration = generation === this.#ownGeneration + 1 ? generation : undefined;
  }

  async #differences(): Promise<readonly string[]> {
    if (this.#state.comment(TABLE_NAME) === undefined) return ["the table is gone"];
    const rules = this.#areRulesIntact() ? [] : ["chains or rules"];
    return [...rules, ...(await compareElements(this.#reader, this.#plan.elements()))];
  }
}
