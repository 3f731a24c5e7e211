/** One round in which the data plane was brought up to date, or was not. */
export interface SyncReport {
  /** When it ended, in milliseconds since the epoch. */
  readonly endedAtMs: number;
  readonly durationMs: number;
  /** Whether everything was written anew, and why. */
  readonly full: "start" | "failure" | "repair" | undefined;
  /** In the whole table: Services, and backends of their ports. */
  readonly services: number;
  readonly endpoints: number;
  readonly changedServices: number;
  /** For each slice in it, the time from the change it tells of until now: network programming latency. */
  readonly latenciesMs: readonly number[];
  /** When the newest of these changes happened, in milliseconds since the epoch; absent without one. */
  readonly newestTriggerMs: number | undefined;
  /** Why it failed; absent when it succeeded. */
  readonly error: string | undefined;
}

/** What a proxy did since it started. */
export interface SyncCounters {
  readonly syncs: number;
  readonly fullSyncs: number;
  readonly failures: number;
  /** Times that somebody else had changed the kernel's state. */
  readonly repairs: number;
  /** Service changes that were applied. */
  readonly changedServices: number;
  /** UDP flows that were cut off because nobody served them any more. */
  readonly deletedFlows: number;
}

/** How many reports are kept. */
const REPORTS_MAX = 100;

/** The last rounds of one proxy, and what they come to. */
export class SyncLog {
  #reports: readonly SyncReport[] = [];
  #counters: SyncCounters = {
    syncs: 0,
    fullSyncs: 0,
    failures: 0,
    repairs: 0,
    changedServices: 0,
    deletedFlows: 0,
  };

  /** Oldest first. */
  get reports(): readonly SyncReport[] {
    return this.#reports;
  }

  get counters(): SyncCounters {
    return this.#counters;
  }

  add(report: SyncReport): void {
    this.#reports = [...this.#reports.slice(1 - REPORTS_MAX), report];
    const counters = this.#counters;
    const succeeded = report.error === undefined ? 1 : 0;
    this.#counters = {
      ...counters,
      syncs: counters.syncs + 1,
      fullSyncs: counters.fullSyncs + (report.full === undefined ? 0 : 1),
      failures: counters.failures + 1 - succeeded,
      repairs: counters.repairs + (report.full === "repair" ? 1 : 0),
      changedServices: counters.changedServices + succeeded * report.changedServices,
    };
  }

  addDeletedFlows(count: number): void {
    this.#counters = {
      ...this.#counters,
      deletedFlows: this.#counters.deletedFlows + count,
    };
  }
}
