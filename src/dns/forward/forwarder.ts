import type { Clock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Endpoint } from "../../lib/sockets.ts";
import { headerFlags, rcodes, recordTypes } from "../wire/constants.ts";
import { isTruncated, type Message } from "../wire/message.ts";
import { type NameKey, relativeKey, wireOfKey } from "../wire/name.ts";
import { AnswerCache, type CacheOptions, questionKey } from "./cache.ts";
import { exchange, exchangeUdp } from "./exchange.ts";
import type { Answer, Question, Resolution, Resolver } from "./resolver.ts";
import type { Upstreams } from "./upstreams.ts";

export interface ForwarderOptions {
  readonly upstreams: Upstreams;
  readonly cache: CacheOptions;
  /** Clients that may wait at one time; the next is refused. */
  readonly waitingMax: number;
  readonly clock: Clock;
  /** Unpredictable, 0 to 65535. */
  readonly nextId: () => number;
  readonly log: Logger;
  /** Ends every exchange. */
  readonly signal: AbortSignal;
}

/** What a forwarder counts, since it began. */
export interface ForwarderCounters {
  upstreamQueries: number;
  upstreamFailures: number;
  cacheHits: number;
  cacheMisses: number;
  staleAnswers: number;
  refused: number;
  loopsDetected: number;
}

/** As CoreDNS has it in kubeadm's clusters. */
export const WAITING_MAX = 1000;

/** Time for one server, and for all together: a resolver's clients give up after 5 s. */
const SERVER_TIMEOUT_MS = 2000;
const TOTAL_TIMEOUT_MS = 4500;
/** How often the list of servers is gone through. */
const ROUNDS = 2;
/** A client of a name that was known before gets the old answer after this (RFC 8767 section 5). */
const STALE_AFTER_MS = 1800;
/** A server that failed comes after the others, for a time that doubles. */
const PENALTY_MS = 500;
const PENALTY_MS_MAX = 30_000;
/** A server whose questions come back to us is left alone for this long. */
const LOOP_MS = 30_000;
/** How often, at most, a server that does not answer is suspected to be a loop. */
const PROBE_INTERVAL_MS = 10_000;

interface ServerState {
  readonly server: Endpoint;
  failures: number;
  penaltyUntilMs: number;
  loopUntilMs: number;
  probedMs: number;
  /** Aborts what waits for this server once it turns out to be a loop. */
  abort: AbortController;
}

/**
 * Asks other servers. Equal questions that are under way are asked once; answers are remembered. A server that sends
 * our own questions back to us is found by a question with a name that only we know, and is left alone.
 */
export class Forwarder implements Resolver {
  readonly counters: ForwarderCounters = {
    upstreamQueries: 0,
    upstreamFailures: 0,
    cacheHits: 0,
    cacheMisses: 0,
    staleAnswers: 0,
    refused: 0,
    loopsDetected: 0,
  };
  readonly #options: ForwarderOptions;
  readonly #cache: AnswerCache;
  readonly #flights = new Map<string, Promise<Answer | undefined>>();
  readonly #states = new Map<string, ServerState>();
  readonly #probes = new Map<NameKey, ServerState>();
  #waiting = 0;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#cache = new AnswerCache(options.cache);
  }

  async resolve(question: Question): Promise<Resolution> {
    const { clock, upstreams, waitingMax } = this.#options;
    const looping = this.#probes.get(question.key);
    if (looping !== undefined) {
      this.#foundLoop(looping);
      return { kind: "failed" };
    }
    const known = this.#cache.get(question, clock.monotonicMs());
    if (known !== undefined) {
      this.counters.cacheHits++;
      return { kind: "answer", answer: known };
    }
    this.counters.cacheMisses++;
    if (upstreams.servers.length === 0) return { kind: "nobody" };
    if (this.#waiting >= waitingMax) {
      this.counters.refused++;
      return { kind: "refused" };
    }
    this.#waiting++;
    try {
      const answer = await this.#answerOrStale(question);
      return answer === undefined ? { kind: "failed" } : { kind: "answer", answer };
    } finally {
      this.#waiting--;
    }
  }

  async #answerOrStale(question: Question): Promise<Answer | undefined> {
    const { clock } = this.#options;
    const stale = this.#cache.getStale(question, clock.monotonicMs());
    const flight = this.#flight(question);
    if (stale === undefined) return await flight;

    const patience = new AbortController();
    const answer = await Promise.race([flight, clock.sleep(STALE_AFTER_MS, patience.signal)]);
    patience.abort();
    if (answer && answer.rcode !== rcodes.SERVFAIL) return answer;
    this.counters.staleAnswers++;
    return stale;
  }

  /** The question on its way, shared by all who ask it meanwhile. */
  #flight(question: Question): Promise<Answer | undefined> {
    const key = questionKey(question);
    const known = this.#flights.get(key);
    if (known !== undefined) return known;
    const flight = this.#ask(question).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  /** Goes through the servers until one answers; a refusal counts only if nobody has anything better. */
  async #ask(question: Question): Promise<Answer | undefined> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + TOTAL_TIMEOUT_MS;
    let refusal: Answer | undefined;
    for (let round = 0; round < ROUNDS && refusal === undefined; round++) {
      for (const state of this.#inOrder()) {
        const leftMs = Math.min(SERVER_TIMEOUT_MS, endMs - clock.monotonicMs());
        if (leftMs <= 0) return refusal;
        const message = await this.#askServer(state, question, leftMs);
        if (message === undefined) continue;
        const answer = answerOf(message);
        if (isUsable(answer)) return this.#cache.put(question, answer, clock.monotonicMs());
        refusal ??= {
          ...answer,
          rcode: rcodes.SERVFAIL,
          answers: [],
          authority: [],
          additional: [],
        };
      }
    }
    if (refusal === undefined) return undefined;
    // An old answer that may stand in is worth more than a remembered refusal.
    const stale = this.#cache.getStale(question, clock.monotonicMs());
    return stale === undefined ? this.#cache.put(question, refusal, clock.monotonicMs()) : refusal;
  }

  async #askServer(
    state: ServerState,
    question: Question,
    timeoutMs: number,
  ): Promise<Message | undefined> {
    const { clock, log } = this.#options;
    this.counters.upstreamQueries++;
    if (state.probedMs === Number.NEGATIVE_INFINITY) this.#probe(state);
    try {
      const message = await this.#within(timeoutMs, state, (signal) =>
        exchange(this.#exchangeOptions(state, question, signal)),
      );
      state.failures = 0;
      state.penaltyUntilMs = 0;
      return message;
    } catch (error) {
      this.counters.upstreamFailures++;
      const penaltyMs = Math.min(PENALTY_MS * 2 ** state.failures++, PENALTY_MS_MAX);
      state.penaltyUntilMs = clock.monotonicMs() + penaltyMs;
      log.debug("An upstream gave no answer", {
        server: state.server.host,
        reason: describeError(error),
      });
      if (clock.monotonicMs() - state.probedMs >= PROBE_INTERVAL_MS) this.#probe(state);
      return undefined;
    }
  }

  /** Runs an exchange that ends by time, by the end of all, or because the server is a loop. */
  async #within<T>(
    timeoutMs: number,
    state: ServerState,
    action: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { clock, signal } = this.#options;
    const done = new AbortController();
    const late = new AbortController();
    const timer = clock.sleep(timeoutMs, done.signal).then(() => late.abort());
    try {
      return await action(AbortSignal.any([signal, state.abort.signal, late.signal]));
    } finally {
      done.abort();
      await timer;
    }
  }

  /** Servers that work, in their configured order; then those that failed, the one that rested longest first. */
  #inOrder(): ServerState[] {
    const { clock, upstreams } = this.#options;
    const nowMs = clock.monotonicMs();
    const states = upstreams.servers.map((server) => this.#stateOf(server));
    return states
      .filter((state) => state.loopUntilMs <= nowMs)
      .map((state) => ({ state, rank: Math.max(0, state.penaltyUntilMs - nowMs) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ state }) => state);
  }

  #stateOf(server: Endpoint): ServerState {
    const key = `${server.host} ${server.port}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state: ServerState = {
      server,
      failures: 0,
      penaltyUntilMs: 0,
      loopUntilMs: 0,
      probedMs: Number.NEGATIVE_INFINITY,
      abort: new AbortController(),
    };
    this.#states.set(key, state);
    return state;
  }

  /** Asks for a name that nobody else knows: if that question arrives here, the server sends us our own. */
  #probe(state: ServerState): void {
    const { clock, nextId, log } = this.#options;
    state.probedMs = clock.monotonicMs();
    const label = () => [nextId(), nextId(), nextId()].map((n) => n.toString(36)).join("");
    const key = `${relativeKey(label(), label())}\0`;
    this.#probes.set(key, state);
    const question: Question = {
      name: wireOfKey(key),
      key,
      type: recordTypes.HINFO,
      isDnssecOk: false,
      isCheckingDisabled: false,
    };
    this.#within(SERVER_TIMEOUT_MS, state, (signal) =>
      exchangeUdp(this.#exchangeOptions(state, question, signal)),
    )
      .catch((error: unknown) =>
        log.debug("A loop probe got no answer", { reason: describeError(error) }),
      )
      .finally(() => this.#probes.delete(key));
  }

  #foundLoop(state: ServerState): void {
    const { clock, log } = this.#options;
    this.counters.loopsDetected++;
    state.loopUntilMs = clock.monotonicMs() + LOOP_MS;
    state.probedMs = Number.NEGATIVE_INFINITY;
    state.abort.abort();
    state.abort = new AbortController();
    const { host, port } = state.server;
    log.warn("An upstream sends our questions back to us, leaving it out", { server: host, port });
  }

  #exchangeOptions(state: ServerState, question: Question, signal: AbortSignal) {
    const { upstreams, nextId } = this.#options;
    const { server } = state;
    const { sockets } = upstreams;
    return { sockets, server, question, nextId, signal, connectTimeoutMs: SERVER_TIMEOUT_MS };
  }
}

function answerOf(message: Message): Answer {
  const { rcode, answers, authority, additional, flags } = message;
  const isAuthentic = (flags & headerFlags.authenticData) !== 0;
  return { rcode, answers, authority, additional, isAuthentic, isTruncated: isTruncated(message) };
}

/** Whether a server said what it knows; any other code is about the server, not about the name. */
function isUsable({ rcode }: Answer): boolean {
  return rcode === rcodes.NOERROR || rcode === rcodes.NXDOMAIN;
}
