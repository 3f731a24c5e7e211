import { leases } from "../api/resource.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../api/status-error.ts";
import type { Lease, LeaseSpec } from "../api/types.ts";
import type { Clock } from "../lib/clock.ts";
import { formatMicroTime } from "../lib/clock.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Api, ObjectName } from "./api.ts";
import { ClientError } from "./decode.ts";

export interface ElectionOptions {
  readonly api: Api;
  /** The Lease that candidates hold in turn. */
  readonly lease: ObjectName;
  /** Who we are: the host's name, `_`, and something random, so that a restarted process is another. */
  readonly identity: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Ends the candidacy; a lease that is held is given back. */
  readonly signal: AbortSignal;
}

/** client-go's figures. */
const LEASE_SECONDS = 15;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;
/** The share of the retry pause that is drawn at random. */
const RETRY_JITTER = 0.2;

/**
 * Waits until the lease is ours, then leads until `signal` aborts. Throws LEASE_LOST when the lease cannot be
 * renewed in time: by then `lead`'s own signal has aborted, and the process should end.
 */
export async function leadWhenElected(
  options: ElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { clock, random, log, signal } = options;
  const record = new LeaseRecord(options);
  const pause = () => clock.sleep(RETRY_MS * (1 - RETRY_JITTER * random()), signal);
  while (!signal.aborted && !(await record.tryHold())) await pause();
  if (signal.aborted) return;
  log.info("Became the leader", { identity: options.identity });

  const term = new AbortController();
  const leading = lead(AbortSignal.any([signal, term.signal])).finally(() => term.abort());
  leading.catch(() => {}); // It is awaited below, but may fail while the lease is being renewed.
  /** A server that does not answer must not hold us beyond the deadline: by then another may lead. */
  const renewWithin = async (ms: number) => {
    const answered = new AbortController();
    const late = clock.sleep(ms, answered.signal).then(() => false);
    const isHeld = await Promise.race([record.tryHold(), late]);
    answered.abort();
    return isHeld;
  };
  let renewedMs = clock.monotonicMs();
  while (!signal.aborted && !term.signal.aborted) {
    await clock.sleep(
      RETRY_MS * (1 - RETRY_JITTER * random()),
      AbortSignal.any([signal, term.signal]),
    );
    if (signal.aborted || term.signal.aborted) break;
    const askedMs = clock.monotonicMs();
    if (await renewWithin(renewedMs + RENEW_DEADLINE_MS - askedMs)) renewedMs = askedMs;
    else if (clock.monotonicMs() - renewedMs >= RENEW_DEADLINE_MS) {
      term.abort();
      await leading;
      throw new ClientError(
        "LEASE_LOST",
        `Cannot lead any longer: the lease "${options.lease.name}" was not renewed in time`,
      );
    }
  }
  await leading;
  await record.release();
}

/** The lease as this candidate has seen it. */
class LeaseRecord {
  readonly #options: ElectionOptions;
  #seen: { readonly version: string; readonly atMs: number } | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** Takes or renews the lease; false when another holds it or the server does not answer. */
  async tryHold(): Promise<boolean> {
    const { api, lease: name, log } = this.#options;
    try {
      const current = await api.get(leases, name).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
      if (current === undefined) {
        await api.create(leases, { metadata: { ...name }, spec: this.#spec(undefined) });
        return true;
      }
      if (!this.#mayTake(current)) return false;
      await api.update(leases, { ...current, spec: this.#spec(current.spec) });
      return true;
    } catch (error) {
      const isRace = isConflict(error) || isAlreadyExists(error);
      if (!isRace) log.warn("Could not renew the lease", { error: describeError(error) });
      return false;
    }
  }

  /** Gives the lease back, so that the next one need not wait for its end. */
  async release(): Promise<void> {
    const { api, lease: name, identity, clock, log } = this.#options;
    try {
      const current = await api.get(leases, name);
      if (current.spec?.holderIdentity !== identity) return;
      const now = formatMicroTime(clock.now());
      const spec = {
        ...current.spec,
        holderIdentity: "",
        leaseDurationSeconds: 1,
        acquireTime: now,
        renewTime: now,
      };
      await api.update(leases, { ...current, spec });
    } catch (error) {
      log.warn("Could not give the lease back", { error: describeError(error) });
    }
  }

  /**
   * Ours, nobody's, or unchanged for its whole duration by our own watch. What the holder wrote as time is never
   * compared with our clock: two machines need not agree on it.
   */
  #mayTake({ spec, metadata }: Lease): boolean {
    const { clock, identity } = this.#options;
    const version = metadata.resourceVersion ?? "";
    const nowMs = clock.monotonicMs();
    if (this.#seen?.version !== version) this.#seen = { version, atMs: nowMs };
    const holder = spec?.holderIdentity ?? "";
    if (holder === "" || holder === identity) return true;
    const durationMs = 1000 * (spec?.leaseDurationSeconds ?? LEASE_SECONDS);
    return nowMs - this.#seen.atMs >= durationMs;
  }

  #spec(before: LeaseSpec | undefined): LeaseSpec {
    const { clock, identity } = this.#options;
    const now = formatMicroTime(clock.now());
    const isOurs = before?.holderIdentity === identity;
    const transitions = before?.leaseTransitions ?? 0;
    return {
      ...before,
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: isOurs ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: before === undefined || isOurs ? transitions : transitions + 1,
    };
  }
}
