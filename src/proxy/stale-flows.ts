import { isDeepStrictEqual } from "node:util";
import type { FlowEnd, UdpFlow } from "../kernel/conntrack.ts";
import { familyOf } from "../lib/ip.ts";
import type { ForwardingTable } from "./table/forwarding-table.ts";
import {
  entryKey,
  formatBackend,
  type NodePortEntry,
  type PortRouting,
} from "./table/port-routing.ts";
import { isInRanges, isNodePortAddress, type ProxyConfig } from "./table/proxy-config.ts";

/** Who answers behind each UDP entry. */
type Answerers = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Knows where UDP flows may go.
 *
 * A UDP flow lives for as long as its client sends, so nothing else ends one that leads to an endpoint
 * which is gone. TCP ends by itself and is left alone.
 */
export class UdpEntries {
  /** By Service. */
  readonly #services = new Map<string, Answerers>();
  /** Entries that went since flows were last looked at. */
  #removed = new Set<string>();
  #isChanged = false;

  /** Whether flows may have become stale since `settled` was last called. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Takes over what changed for some Services. */
  update(table: ForwardingTable, services: Iterable<string>): void {
    for (const service of services) {
      const before = this.#services.get(service) ?? new Map();
      const after = answerersOf(table.get(service) ?? []);
      if (isDeepStrictEqual(before, after)) continue;
      this.#isChanged = true;
      for (const key of before.keys()) if (!after.has(key)) this.#removed.add(key);
      if (after.size === 0) this.#services.delete(service);
      else this.#services.set(service, after);
    }
  }

  /** The stale flows have been dealt with. */
  settled(): void {
    this.#isChanged = false;
    this.#removed = new Set();
  }

  /**
   * Which flows lead to nobody, or to an endpoint that does not serve any more.
   *
   * Address and port are compared: a target port may change on the same pod. Policies, hints and
   * readiness are left aside on purpose: an endpoint that still serves keeps its flows.
   */
  staleAmong(flows: readonly UdpFlow[], config: ProxyConfig): readonly UdpFlow[] {
    const entries = new Map([...this.#services.values()].flatMap((answerers) => [...answerers]));
    return flows.filter(({ destination, answerer }) => {
      const keys = keysOf(destination, config);
      const answerers = keys.map((key) => entries.get(key)).find((found) => found !== undefined);
      if (answerers !== undefined) return !answerers.has(formatBackend(answerer));
      const isTranslated = formatBackend(destination) !== formatBackend(answerer);
      const isOurs =
        keys.some((key) => this.#removed.has(key)) ||
        isInRanges(config.serviceCidrs, destination.address);
      return isTranslated && isOurs;
    });
  }
}

function answerersOf(routings: readonly PortRouting[]): Answerers {
  return new Map(
    routings
      .filter((routing) => routing.protocol === "UDP")
      .flatMap((routing) => {
        const answerers = new Set(routing.serving.map(formatBackend));
        return routing.entries.map(
          (entry) => [entryKey(entry, "UDP", routing.family), answerers] as const,
        );
      }),
  );
}

/** What an entry for packets to this place would be called. */
function keysOf({ address, port }: FlowEnd, config: ProxyConfig): readonly string[] {
  const byAddress = `${address} UDP ${port}`;
  if (!isNodePortAddress(config, address)) return [byAddress];
  const entry: NodePortEntry = { kind: "NodePort", port, isLocalOnly: false };
  return [byAddress, entryKey(entry, "UDP", familyOf(address) ?? "IPv4")];
}
