import { endpointSlices, nodes, services } from "../api/resource.ts";
import type { Node } from "../api/types.ts";
import type { Change } from "../client/api.ts";
import { backoffMs } from "../lib/backoff.ts";
import { describeError } from "../lib/errors.ts";
import { CHANGE_AGE_MAX_MS, isNodeEligible, type ProxyHealth } from "./health.ts";
import { HealthPorts } from "./health-ports.ts";
import type { ProxyOptions, ProxyTiming } from "./run.ts";
import { UdpEntries } from "./stale-flows.ts";
import { SyncLog, type SyncReport } from "./sync-log.ts";
import { type ForwardingTable, ForwardingTableBuilder } from "./table/forwarding-table.ts";
import { serviceFacts } from "./table/service-facts.ts";
import { sliceFacts } from "./table/slice-facts.ts";
import { Wakeup } from "./wakeup.ts";

const defaultTiming: ProxyTiming = { gapMs: 5, driftCheckMs: 60_000 };

/** What arrives within so long of the first change is in the same round. */
const GATHER_MS = 1;

/** Under churn the loop rests for so many times as long as it worked: a fifth of the thread is its share. */
const REST_FACTOR = 4;
const REST_MS_MAX = 1000;

/** Changes that wait for a round to succeed and are measured; of more, the newest. */
const TRIGGERS_MAX = 10_000;

/** After a failure: try again soon, then less often. */
const retryBackoff = { baseMs: 200, maxMs: 30_000, jitter: 0.3 };

/** The loop behind `runProxy`. */
export class ProxyLoop {
  readonly log = new SyncLog();
  readonly ready = Promise.withResolvers<void>();
  readonly #options: ProxyOptions;
  readonly #timing: ProxyTiming;
  readonly #builder: ForwardingTableBuilder;
  readonly #wakeup: Wakeup;
  readonly #udpEntries = new UdpEntries();
  readonly #healthPorts: HealthPorts | undefined;
  /** Backends of each Service, for the reports. */
  readonly #endpoints = new Map<string, number>();
  #node: Node | undefined;
  /** When the oldest change that is not applied came in. */
  #waitingSinceMs: number | undefined;
  #lastUpdatedMs: number | undefined;
  #fullReason: SyncReport["full"] = "start";
  /** Of changes in rounds that failed; they count when one succeeds. */
  #triggersMs: readonly number[] = [];
  #failures = 0;
  #nextCheckMs: number;
  readonly #startedAtMs: number;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.now();
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#nextCheckMs = options.clock.monotonicMs() + this.#timing.driftCheckMs;
    this.#builder = new ForwardingTableBuilder({ nodeName: options.nodeName });
    this.#wakeup = new Wakeup(options.clock);
    const { sockets } = options;
    const health = () => this.health();
    this.#healthPorts =
      sockets === undefined ? undefined : new HealthPorts({ ...options, sockets, health });
    this.ready.promise.catch(() => {}); // Nobody may be waiting.
  }

  get table(): ForwardingTable {
    return this.#builder.table;
  }

  health(): ProxyHealth {
    const waitingSinceMs = this.#waitingSinceMs;
    const now = this.#options.clock.now();
    return {
      isHealthy: waitingSinceMs === undefined || now - waitingSinceMs <= CHANGE_AGE_MAX_MS,
      isNodeEligible: isNodeEligible(this.#node),
      lastUpdatedMs: this.#lastUpdatedMs,
    };
  }

  async run(): Promise<void> {
    const { informers, signal } = this.#options;
    const unsubscribe = this.#subscribe();
    const onAbort = () => this.#wakeup.ring();
    signal.addEventListener("abort", onAbort);
    try {
      await informers.informer(services).whenSynced(signal);
      await informers.informer(endpointSlices).whenSynced(signal);
      while (!signal.aborted) {
        const restMs = await this.#round();
        await this.#options.clock.sleep(restMs, signal);
        if (this.#failures === 0) await this.#untilNeeded();
      }
    } catch (error) {
      this.ready.reject(error);
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      for (const stop of unsubscribe) stop();
      this.#healthPorts?.[Symbol.dispose]();
      this.ready.reject(signal.reason);
    }
  }

  #subscribe(): readonly (() => void)[] {
    const { informers, nodeName } = this.#options;
    const thisNode = { fieldSelector: `metadata.name=${nodeName}` };
    return [
      informers.informer(services).subscribe(({ type, object }) => {
        const { namespace = "", name = "" } = object.metadata;
        const facts = type === "DELETED" ? undefined : serviceFacts(object);
        this.#builder.setService(`${namespace}/${name}`, facts);
        this.#noteChanges();
      }),
      informers.informer(endpointSlices).subscribe(({ type, object }) => {
        const { namespace = "", name = "" } = object.metadata;
        const facts = type === "DELETED" ? undefined : sliceFacts(object);
        this.#builder.setSlice(`${namespace}/${name}`, facts);
        this.#noteChanges();
      }),
      informers.informer(nodes, thisNode).subscribe((change) => this.#onNode(change)),
    ];
  }

  /** Of a node only its zone, and whether it is about to go, matter. */
  #onNode(change: Change<Node>): void {
    this.#node = change.type === "DELETED" ? undefined : change.object;
    const zone = this.#node?.metadata.labels?.["topology.kubernetes.io/zone"];
    const { nodeName } = this.#options;
    this.#builder.setNode({ nodeName, ...(zone === undefined ? {} : { zone }) });
    this.#noteChanges();
  }

  #noteChanges(): void {
    if (!this.#builder.hasChanges) return;
    this.#waitingSinceMs ??= this.#options.clock.now();
    this.#wakeup.ring();
  }

  /** Sleeps until something changed, or somebody else changed the kernel's state. */
  async #untilNeeded(): Promise<void> {
    const { clock, log, nodeName, signal } = this.#options;
    while (!signal.aborted) {
      const untilCheckMs = this.#nextCheckMs - clock.monotonicMs();
      if (untilCheckMs > 0 && (await this.#wakeup.wait(untilCheckMs))) {
        await clock.sleep(GATHER_MS, signal);
        return;
      }
      this.#nextCheckMs = clock.monotonicMs() + this.#timing.driftCheckMs;
      this.#cutStaleFlows();
      const drift = await this.#findDrift();
      if (drift.length === 0) continue;
      log.warn("Somebody changed the forwarding rules, mending them", {
        node: nodeName,
        drift: drift.join("; "),
      });
      this.#fullReason = "repair";
      return;
    }
  }

  async #findDrift(): Promise<readonly string[]> {
    const { dataPlane, log, nodeName } = this.#options;
    try {
      return await dataPlane.findDrift();
    } catch (error) {
      // What can not be read is no reason to write: the next look may tell.
      log.warn("Cannot look for drift", { node: nodeName, reason: describeError(error) });
      return [];
    }
  }

  /** Brings the data plane up to date; for how long to rest afterwards, in milliseconds. */
  async #round(): Promise<number> {
    const { clock, random, onSynced } = this.#options;
    const startedMs = clock.monotonicMs();
    const waitingSinceMs = this.#waitingSinceMs;
    this.#waitingSinceMs = undefined;
    const change = this.#builder.take();
    const full = this.#fullReason;
    if (full === undefined && change.services.size === 0) return 0;

    // What changed before this proxy ran says nothing about how fast it is.
    const ownTriggersMs = change.triggersMs.filter((triggerMs) => triggerMs >= this.#startedAtMs);
    this.#triggersMs = [...this.#triggersMs, ...ownTriggersMs].slice(-TRIGGERS_MAX);
    this.#countEndpoints(change.services);
    this.#udpEntries.update(this.table, change.services);
    this.#healthPorts?.note(change.services);
    const error = await this.#apply(full === undefined ? change.services : undefined);
    const report = this.#report({ full, startedMs, error, changed: change.services.size });
    this.log.add(report);
    if (error === undefined) this.#onApplied(report);
    else this.#onFailed(report, waitingSinceMs);
    onSynced?.(report);
    if (error !== undefined) return backoffMs(this.#failures - 1, retryBackoff, random);
    return Math.min(REST_MS_MAX, Math.max(this.#timing.gapMs, report.durationMs * REST_FACTOR));
  }

  async #apply(changed: ReadonlySet<string> | undefined): Promise<string | undefined> {
    try {
      await this.#options.dataPlane.apply(this.table, changed);
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  }

  #report(round: {
    readonly full: SyncReport["full"];
    readonly startedMs: number;
    readonly error: string | undefined;
    readonly changed: number;
  }): SyncReport {
    const { clock } = this.#options;
    const endedAtMs = clock.now();
    const triggersMs = round.error === undefined ? this.#triggersMs : [];
    return {
      endedAtMs,
      durationMs: clock.monotonicMs() - round.startedMs,
      full: round.full,
      services: this.table.size,
      endpoints: this.#endpoints.values().reduce((sum, count) => sum + count, 0),
      changedServices: round.changed,
      latenciesMs: triggersMs.map((triggerMs) => Math.max(0, endedAtMs - triggerMs)),
      newestTriggerMs: triggersMs.length === 0 ? undefined : Math.max(...triggersMs),
      error: round.error,
    };
  }

  #onApplied(report: SyncReport): void {
    const { log, nodeName } = this.#options;
    const { full, services: count, endpoints, changedServices, durationMs } = report;
    this.#failures = 0;
    this.#fullReason = undefined;
    this.#triggersMs = [];
    this.#lastUpdatedMs = report.endedAtMs;
    const fields = {
      node: nodeName,
      full,
      services: count,
      endpoints,
      changedServices,
      durationMs,
    };
    if (full === undefined) {
      log.debug("Applied changed forwarding rules", fields);
    } else {
      log.info("Applied all forwarding rules", fields);
    }
    this.#cutStaleFlows();
    this.#healthPorts?.publish(this.table);
    this.ready.resolve();
  }

  #onFailed(report: SyncReport, waitingSinceMs: number | undefined): void {
    const { clock, log, nodeName } = this.#options;
    this.#failures++;
    this.#fullReason = "failure";
    this.#waitingSinceMs = waitingSinceMs ?? clock.now();
    log.error("Cannot apply the forwarding rules, will try again", {
      node: nodeName,
      failures: this.#failures,
      reason: report.error,
    });
  }

  #cutStaleFlows(): void {
    const { conntrack, config, log, nodeName } = this.#options;
    if (conntrack === undefined || !this.#udpEntries.isChanged) return;
    try {
      const stale = this.#udpEntries.staleAmong(conntrack.listUdp(), config);
      const deleted = stale.filter((flow) => conntrack.delete(flow)).length;
      this.#udpEntries.settled();
      if (deleted === 0) return;
      this.log.addDeletedFlows(deleted);
      log.info("Cut off UDP flows that nobody served", { node: nodeName, flows: deleted });
    } catch (error) {
      // They are looked at again with the next round or the next look for drift.
      log.warn("Cannot look at tracked flows", { node: nodeName, reason: describeError(error) });
    }
  }

  #countEndpoints(changed: ReadonlySet<string>): void {
    for (const service of changed) {
      const backends = (this.table.get(service) ?? []).map(
        ({ cluster, local }) => (cluster ?? local ?? []).length,
      );
      if (backends.length === 0) this.#endpoints.delete(service);
      else
        this.#endpoints.set(
          service,
          backends.reduce((sum, count) => sum + count, 0),
        );
    }
  }
}
