import { setImmediate as nextTurn } from "node:timers/promises";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import { Nft } from "../../kernel/nft.ts";
import type { DataPlane } from "../table/data-plane.ts";
import type { ForwardingTable } from "../table/forwarding-table.ts";
import { type FlatOptions, TABLE } from "./base-ruleset.ts";
import { FlatPlan } from "./flat-plan.ts";

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
  /** What the kernel holds; undefined before the first success and after a failure. */
  #plan: FlatPlan | undefined;

  constructor(namespace: NetworkNamespace, options: FlatOptions) {
    this.#options = options;
    this.#nft = new Nft(namespace);
  }

  async apply(table: ForwardingTable, services?: ReadonlySet<string>): Promise<void> {
    const plan = services === undefined ? undefined : this.#plan;
    this.#plan = undefined;
    if (plan === undefined || services === undefined) {
      this.#plan = await this.#replaceAll(table);
      return;
    }
    for (const chunk of chunksOf([...services], TRANSACTION_SERVICES_MAX)) {
      const transaction = plan.change(table, chunk);
      if (transaction !== "") this.#nft.run(transaction);
      if (services.size > TRANSACTION_SERVICES_MAX) await nextTurn();
    }
    this.#plan = plan;
  }

  isIntact(): boolean {
    return this.#plan !== undefined;
  }

  async remove(): Promise<void> {
    this.#plan = undefined;
    this.#nft.run(`table ${TABLE} {}\ndelete table ${TABLE}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#nft[Symbol.dispose]();
  }

  async #replaceAll(table: ForwardingTable): Promise<FlatPlan> {
    const plan = new FlatPlan(this.#options);
    for (const transaction of plan.replaceAll(table, TRANSACTION_SERVICES_MAX)) {
      this.#nft.run(transaction);
      await nextTurn();
    }
    return plan;
  }
}

function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
