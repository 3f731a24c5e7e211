import { setImmediate as nextTurn } from "node:timers/promises";
import type { NftState } from "../../kernel/nft-state.ts";
import { staticSets, TABLE_NAME } from "./base-ruleset.ts";
import { type Element, elementId } from "./elements.ts";
import type { HeldTable } from "./flat-plan.ts";
import { listIdOf } from "./marks.ts";
import type { NumberedSpread } from "./number-keeper.ts";
import { elementMaps, heldElement } from "./raw-elements.ts";
import { parseSpreadName } from "./spread-chain.ts";

/** Reads what the kernel's table holds, in the words of a plan. */
export class HeldReader {
  readonly #state: NftState;

  constructor(state: NftState) {
    this.#state = state;
  }

  /** Everything; it takes a breath between maps. */
  async read(options: Pick<HeldTable, "areRulesIntact">): Promise<HeldTable> {
    const elements = new Map<string, Element>();
    const maps = new Set<string>();
    for (const map of elementMaps) {
      const held = this.elements(map);
      if (held !== undefined) maps.add(map);
      for (const element of held ?? []) elements.set(elementId(element), element);
      await nextTurn();
    }
    for (const { name } of staticSets) {
      if (this.#state.elements(TABLE_NAME, name) !== undefined) maps.add(name);
    }
    const spreads = [...this.#spreads("4"), ...this.#spreads("6")];
    const known = spreads.filter((spread) => spread !== undefined);
    return {
      elements,
      maps,
      spreads: known,
      clientLists: this.#clientLists(),
      chains: this.#state.chains(TABLE_NAME),
      areRulesIntact:
        options.areRulesIntact &&
        known.length === spreads.length &&
        maps.size === elementMaps.length + staticSets.length,
    };
  }

  /** Of one map or set; undefined if it is not there. */
  elements(map: string): readonly Element[] | undefined {
    return this.#state.elements(TABLE_NAME, map)?.map((raw) => heldElement(map, raw));
  }

  #spreads(digit: "4" | "6"): readonly (NumberedSpread | undefined)[] {
    return (this.#state.elements(TABLE_NAME, `spreads${digit}`) ?? []).map(
      ({ key, chain = "" }) => {
        const spread = parseSpreadName(chain);
        const id = Buffer.from(key, "hex").readUInt32LE(0);
        return spread?.digit === digit ? { ...spread, id } : undefined;
      },
    );
  }

  #clientLists(): ReadonlySet<number> {
    const clients = ["4", "6"].flatMap(
      (digit) => this.#state.changingElements(TABLE_NAME, `clients${digit}`) ?? [],
    );
    return new Set(clients.map(({ key }) => listIdOf(firstNumber(key))));
  }
}

/** Of a key that begins with a mark. */
function firstNumber(key: string): number {
  return Buffer.from(key.slice(0, 8), "hex").readUInt32LE(0);
}

/** How the kernel's elements differ from these: a sentence for each map that does. */
export async function compareElements(
  reader: HeldReader,
  elements: ReadonlyMap<string, Element>,
): Promise<readonly string[]> {
  const wanted = Map.groupBy(elements.values(), (element) => element.in);
  const differences: string[] = [];
  for (const map of elementMaps) {
    const held = reader.elements(map);
    const values = new Map(held?.map(({ key, value }) => [key, value]));
    const isHeld = ({ key, value }: Element) => values.has(key) && values.get(key) === value;
    const right = (wanted.get(map) ?? []).filter(isHeld).length;
    const missing = (wanted.get(map)?.length ?? 0) - right;
    const foreign = values.size - right;
    if (held === undefined) differences.push(`${map} is gone`);
    else if (missing + foreign > 0)
      differences.push(`${map}: ${missing} missing, ${foreign} foreign`);
    await nextTurn();
  }
  return differences;
}
