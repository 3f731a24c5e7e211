import type { ObjectReference } from "../api/types.ts";
import type { EventNote } from "./events.ts";

/** What becomes of a note: a new event, one more count on an old one, or nothing. */
export type EventVerdict =
  | {
      readonly type: "new" | "repeated";
      readonly name: string;
      readonly message: string;
      readonly count: number;
    }
  | { readonly type: "dropped" };

/** Events that an object may cause at once, and how fast this room grows back (client-go: 25, one per 5 minutes). */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
/** The tenth event that differs from others in its message only, and all after it, are one, until ten minutes bring none (client-go). */
const SIMILAR_MAX = 10;
const SIMILAR_MS = 10 * 60_000;
/** Objects and events remembered; the oldest are forgotten. */
const REMEMBERED_MAX = 4096;

interface Bucket {
  tokens: number;
  sinceMs: number;
}
interface Similar {
  lastMs: number;
  readonly messages: Set<string>;
}
interface Told {
  readonly name: string;
  count: number;
}

/** Decides which notes become events. Pure but for its memory; the time is given. */
export class EventCorrelator {
  readonly #buckets = new Map<string, Bucket>();
  readonly #similar = new Map<string, Similar>();
  readonly #told = new Map<string, Told>();
  #sequence = 0;

  correlate(
    component: string,
    about: ObjectReference,
    note: EventNote,
    nowMs: number,
  ): EventVerdict {
    const object = [component, about.kind, about.namespace, about.name, about.uid].join("\n");
    const group = [object, note.type, note.reason, about.fieldPath].join("\n");
    const isFlood = this.#isFlood(group, note.message, nowMs);
    const message = isFlood ? `(combined from similar events): ${note.message}` : note.message;
    const key = isFlood ? group : `${group}\n${note.message}`;

    // What is dropped is counted, too: the next one that is told says how often it was.
    const isRoom = this.#takeToken(object, nowMs);
    const told = this.#told.get(key);
    if (told !== undefined) {
      told.count++;
      remember(this.#told, key, told);
      if (!isRoom) return { type: "dropped" };
      return { type: "repeated", name: told.name, message, count: told.count };
    }
    // Unique by time and order, as client-go names events by nanoseconds.
    const suffix = (BigInt(Math.round(nowMs)) * 1_000_000n + BigInt(this.#sequence++ % 1_000_000))
      .toString(16)
      .padStart(16, "0");
    const name = `${about.name ?? "unknown"}.${suffix}`;
    remember(this.#told, key, { name, count: 1 });
    if (!isRoom) return { type: "dropped" };
    return { type: "new", name, message, count: 1 };
  }

  #isFlood(group: string, message: string, nowMs: number): boolean {
    let similar = this.#similar.get(group);
    if (similar === undefined || nowMs - similar.lastMs > SIMILAR_MS) {
      similar = { lastMs: nowMs, messages: new Set() };
    }
    similar.lastMs = nowMs;
    remember(this.#similar, group, similar);
    if (similar.messages.has(message)) return false;
    if (similar.messages.size >= SIMILAR_MAX - 1) return true;
    similar.messages.add(message);
    return false;
  }

  #takeToken(object: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(object) ?? { tokens: BURST, sinceMs: nowMs };
    bucket.tokens = Math.min(BURST, bucket.tokens + (nowMs - bucket.sinceMs) / REFILL_MS);
    bucket.sinceMs = nowMs;
    remember(this.#buckets, object, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key); // So that the map's order is that of use.
  map.set(key, value);
  if (map.size <= REMEMBERED_MAX) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
