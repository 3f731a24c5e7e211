import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import { Nft } from "../../kernel/nft.ts";
import { type ElementChange, NftElements } from "../../kernel/nft-elements.ts";
import { TABLE, TABLE_NAME } from "./base-ruleset.ts";
import type { Element } from "./elements.ts";
import type { Transaction } from "./flat-plan.ts";
import { rawElement } from "./raw-elements.ts";

/** Says transactions to the kernel of one namespace: elements directly, and as nft text what has rules in it. */
export class KernelWriter implements Disposable {
  readonly #nft: Nft;
  readonly #elements: NftElements;

  constructor(namespace: NetworkNamespace) {
    this.#nft = new Nft(namespace);
    this.#elements = new NftElements(namespace);
  }

  run(transaction: Transaction): void {
    const { rules, removed, added } = transaction;
    if (isEmpty(transaction)) return;
    if (rules !== "") this.#nft.run(renderTransaction(transaction));
    else this.#elements.run(TABLE_NAME, [...changes("delete", removed), ...changes("add", added)]);
  }

  /** Takes the table out, if it is there. */
  remove(): void {
    this.#nft.run(`table ${TABLE} {}\ndelete table ${TABLE}\n`);
  }

  [Symbol.dispose](): void {
    this.#nft[Symbol.dispose]();
    this.#elements[Symbol.dispose]();
  }
}

/** Whether the kernel has nothing to do for it. */
export function isEmpty({ rules, removed, added }: Transaction): boolean {
  return rules === "" && removed.length + added.length === 0;
}

function changes(
  verb: ElementChange["verb"],
  elements: readonly Element[],
): readonly ElementChange[] {
  const byMap = Map.groupBy(elements, (element) => element.in);
  return [...byMap].map(([set, members]) => ({ verb, set, elements: members.map(rawElement) }));
}

/** A transaction as nft text. */
export function renderTransaction({ rules, removed, added }: Transaction): string {
  return [rules, ...renderElements("delete", removed), ...renderElements("add", added)].join("");
}

/** Longer lists of elements become several commands. */
const COMMAND_ELEMENTS_MAX = 1000;

function renderElements(verb: ElementChange["verb"], elements: readonly Element[]): string[] {
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
