import { setImmediate as nextTurn } from "node:timers/promises";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import { Nft } from "../../kernel/nft.ts";
import { type NftState, openNftState } from "../../kernel/nft-state.ts";
import type { DataPlane } from "../table/data-plane.ts";
import type { ForwardingTable } from "../table/forwarding-table.ts";
import { type FlatOptions, TABLE, TABLE_NAME } from "./base-ruleset.ts";
import { comparableMaps, elementBytes } from "./element-bytes.ts";
import { FlatPlan, type Transaction } from "./flat-plan.ts";

/** Without root in the first user namespace a transaction of more is larger than the socket's buffer. */
const TRANSACTION_SERVICES_MAX = 300;

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
  /** Of chains and rules as we wrote them. */
  #fingerprint = "";
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
      this.#plan = await this.#replaceAll(table);
      return;
    }
    for (const chunk of chunksOf([...services], TRANSACTION_SERVICES_MAX)) {
      this.#run(plan.change(table, chunk));
      if (services.size > TRANSACTION_SERVICES_MAX) await nextTurn();
    }
    this.#plan = plan;
  }

  isIntact(): boolean {
    if (this.#plan === undefined) return false;
    const generation = this.#state.generation();
    if (generation === this.#ownGeneration) return true;
    // Somebody wrote, most often to a table of their own.
    if (!this.#equals(this.#plan)) return false;
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

  async #replaceAll(table: ForwardingTable): Promise<FlatPlan> {
    const plan = new FlatPlan(this.#options);
    this.#ownGeneration = undefined;
    for (const transaction of plan.replaceAll(table, TRANSACTION_SERVICES_MAX)) {
      this.#run(transaction);
      await nextTurn();
    }
    return plan;
  }

  #run(transaction: Transaction): void {
    if (transaction === "") return;
    this.#nft.run(transaction);
    if (transaction.includes("chain ")) this.#fingerprint = this.#state.fingerprint(TABLE_NAME);
    if (this.#ownGeneration === undefined) return;
    // Each transaction counts one.
    const generation = this.#state.generation();
    this.#ownGeneration = generation === this.#ownGeneration + 1 ? generation : undefined;
  }

  #equals(plan: FlatPlan): boolean {
    if (this.#state.fingerprint(TABLE_NAME) !== this.#fingerprint) return false;
    const wanted = Map.groupBy(plan.elements().values(), (element) => element.in);
    return comparableMaps.every((map) => {
      const held = this.#state.elements(TABLE_NAME, map);
      const own = wanted.get(map) ?? [];
      if (held === undefined || held.length !== own.length) return false;
      const values = new Map(held.map(({ key, value }) => [key, value]));
      return own.every((element) => {
        const bytes = elementBytes(element);
        return (
          bytes !== undefined && values.has(bytes.key) && values.get(bytes.key) === bytes.value
        );
      });
    });
  }
}

function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
