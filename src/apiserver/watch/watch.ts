import type { Kind } from "../../api/kinds.ts";
import type { Clock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { type Answer, type Incoming, jsonHeaders, type Sink } from "../exchange.ts";
import { type Form, negotiateForm } from "../negotiate.ts";
import { type Filter, filterOf, transition } from "../read/filter.ts";
import { namespaceOf } from "../read/list.ts";
import { type WatchOptions, watchOptions } from "../read/read-options.ts";
import { tooOldVersion } from "../refusals.ts";
import type { Item } from "../store/item.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { encodeBookmark, encodeError, encodeEvent, type WatchEvent } from "./encode-event.ts";
import type { WatchHub } from "./watch-hub.ts";

export interface WatchContext {
  readonly store: ObjectStore;
  readonly hub: WatchHub;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Aborts when the server closes; watches end in order then. */
  readonly closing: AbortSignal;
}

/** Kubernetes ends a watch after 30 to 60 minutes, so that clients spread over servers again. */
const DEADLINE_MIN_S = 30 * 60;
const BOOKMARK_EVERY_MS = 60_000;
/** The last bookmark comes this long before the deadline. */
const BOOKMARK_BEFORE_END_MS = 2_000;
/** So many bytes are joined into one write while a watch catches up. */
const CHUNK_BYTES = 256 * 1024;

/** Answers a watch: changes for as long as the caller stays, or until the deadline. */
export async function watch(context: WatchContext, kind: Kind, request: Incoming): Promise<Answer> {
  const form = negotiateForm(request.headers["accept"], request.query);
  const filter = filterOf(kind, namespaceOf(request), request.query);
  const options = watchOptions(request.query);
  await context.store.reach(options.atLeast, request.signal);
  return {
    status: 200,
    headers: jsonHeaders,
    stream: (sink, signal) => {
      const watcher = new Watcher({ ...context, kind, form, filter, options, sink, signal });
      void watcher.run();
    },
  };
}

interface WatcherOptions extends WatchContext {
  readonly kind: Kind;
  readonly form: Form;
  readonly filter: Filter;
  readonly options: WatchOptions;
  readonly sink: Sink;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
}

/**
 * One watch. It keeps no queue: while the other end is slow it only remembers how far it has come, and reads the rest
 * from the kind's history later. When the history has moved on, it ends with 410, and the client lists again.
 */
class Watcher {
  readonly #o: WatcherOptions;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #position: number;
  #isLive = false;

  constructor(options: WatcherOptions) {
    this.#o = options;
    this.#position = options.options.after ?? options.store.revision;
    this.#signal = AbortSignal.any([options.signal, options.closing, this.#ending.signal]);
  }

  /** Runs until the end; then the sink is ended. */
  async run(): Promise<void> {
    const timers = [this.#endAtDeadline(), this.#bookmarkRegularly()];
    try {
      await this.#follow();
    } catch (error) {
      this.#o.log.error("A watch failed", { error: describeError(error) });
    }
    this.#ending.abort();
    await Promise.all(timers);
    this.#o.sink.end();
  }

  async #follow(): Promise<void> {
    if (this.#o.options.sendInitialEvents) await this.#sendState();
    else if (!this.#isResumable()) this.#expire();
    while (!this.#signal.aborted) {
      if (!(await this.#catchUp())) return;
      await this.#live();
    }
  }

  #isResumable(): boolean {
    const { store, kind } = this.#o;
    return this.#position === store.revision || store.isReachable(kind, this.#position);
  }

  async #sendState(): Promise<void> {
    const { store, kind, filter, form, options } = this.#o;
    const items = store.cacheOf(kind).list(filter.prefix);
    this.#position = store.revision;
    const lines = items.values().flatMap((item) => this.#added(item));
    await this.#writeAll(lines);
    if (options.marksInitialEnd && options.allowBookmarks) {
      await this.#write(encodeBookmark(kind, form, this.#position, true));
    }
  }

  #added(item: Item): readonly Uint8Array[] {
    const { filter } = this.#o;
    if (!filter.isPlain && !filter.matches(item)) return [];
    return this.#encode({ type: "ADDED", item, revision: item.revision });
  }

  /** Writes what has happened since the position. False when the history is gone. */
  async #catchUp(): Promise<boolean> {
    const { store, kind, filter, hub } = this.#o;
    hub.flush();
    for (;;) {
      if (this.#signal.aborted) return false;
      const upTo = store.revision;
      if (this.#position === upTo) return true;
      const events = store.cacheOf(kind).eventsAfter(this.#position);
      if (events === undefined) {
        this.#expire();
        return false;
      }
      const lines = events.values().flatMap((event) => {
        const change = transition(event, filter);
        return change === undefined ? [] : this.#encode(change);
      });
      this.#position = upTo;
      await this.#writeAll(lines);
      hub.flush();
    }
  }

  /** Follows the hub until the other end is slow, or the watch is over. */
  #live(): Promise<void> {
    const { kind, filter, form, hub, sink } = this.#o;
    const { promise, resolve } = Promise.withResolvers<void>();
    const leaveGroup = hub.join(kind, filter, form, {
      deliver: (chunk, revision) => {
        this.#position = revision;
        if (sink.write(chunk)) return;
        leave();
        sink.onDrain(resolve);
      },
      fail: () => this.#ending.abort(),
    });
    this.#isLive = true;
    const leave = () => {
      this.#isLive = false;
      leaveGroup();
    };
    const end = () => {
      leave();
      resolve();
    };
    if (this.#signal.aborted) end();
    else this.#signal.addEventListener("abort", end, { once: true });
    return promise.finally(() => this.#signal.removeEventListener("abort", end));
  }

  async #endAtDeadline(): Promise<void> {
    const { clock, random, options } = this.#o;
    const seconds = options.timeoutSeconds ?? DEADLINE_MIN_S * (1 + random());
    const lastBookmarkMs = Math.max(0, seconds * 1000 - BOOKMARK_BEFORE_END_MS);
    await clock.sleep(lastBookmarkMs, this.#signal);
    this.#bookmark();
    await clock.sleep(seconds * 1000 - lastBookmarkMs, this.#signal);
    // The changes of the last moment belong to this watch still.
    if (!this.#signal.aborted) this.#o.hub.flush();
    this.#ending.abort();
  }

  async #bookmarkRegularly(): Promise<void> {
    if (!this.#o.options.allowBookmarks) return;
    const { clock, random } = this.#o;
    while (!this.#signal.aborted) {
      await clock.sleep(BOOKMARK_EVERY_MS * (0.9 + 0.2 * random()), this.#signal);
      this.#bookmark();
    }
  }

  /** Only a watch that is up to date can say how far it is. */
  #bookmark(): void {
    const { hub, store, kind, form, options, sink } = this.#o;
    if (!options.allowBookmarks || this.#signal.aborted) return;
    hub.flush();
    if (!this.#isLive) return;
    this.#position = store.revision;
    sink.write(encodeBookmark(kind, form, this.#position));
  }

  /** The history no longer reaches back to the position: after the headers, errors are events. */
  #expire(): void {
    const { sink, store, kind } = this.#o;
    const error = tooOldVersion(this.#position, store.cacheOf(kind).oldestRevision);
    sink.write(encodeError(error.status));
    this.#ending.abort();
  }

  #encode(event: WatchEvent): readonly Uint8Array[] {
    const { kind, form, clock } = this.#o;
    return encodeEvent(kind, event, form, clock.now());
  }

  async #writeAll(pieces: Iterable<Uint8Array>): Promise<void> {
    let waiting: Uint8Array[] = [];
    let bytes = 0;
    for (const piece of pieces) {
      waiting.push(piece);
      bytes += piece.byteLength;
      if (bytes < CHUNK_BYTES) continue;
      await this.#write(Buffer.concat(waiting));
      if (this.#signal.aborted) return;
      waiting = [];
      bytes = 0;
    }
    if (bytes > 0) await this.#write(Buffer.concat(waiting));
  }

  /** Writes, then waits until there is room again, or the watch is over. */
  async #write(chunk: Uint8Array): Promise<void> {
    if (this.#signal.aborted || this.#o.sink.write(chunk)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#o.sink.onDrain(resolve);
    const done = () => resolve();
    this.#signal.addEventListener("abort", done, { once: true });
    await promise;
    this.#signal.removeEventListener("abort", done);
  }
}
