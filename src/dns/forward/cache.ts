import { rcodes, recordTypes } from "../wire/constants.ts";
import type { ResourceRecord } from "../wire/message.ts";
import { type NameKey, nameKey } from "../wire/name.ts";
import type { Answer, Question } from "./resolver.ts";

export interface CacheOptions {
  readonly entriesMax: number;
  readonly bytesMax: number;
  /** Longest life of an answer and of a denial, whatever their TTL; 0 keeps none. */
  readonly positiveSecondsMax: number;
  readonly negativeSecondsMax: number;
  /** How long a server's SERVFAIL is believed (RFC 9520 section 3.2: at least 1 s, at most 5 min). */
  readonly failureSeconds: number;
  /** How long after its end an answer may still stand in for servers that do not answer (RFC 8767); 0 never. */
  readonly staleSecondsMax: number;
  /** The TTL that such an answer has. */
  readonly staleTtlSeconds: number;
}

export const defaultCacheOptions: CacheOptions = {
  entriesMax: 10_000,
  bytesMax: 16 * 1024 * 1024,
  positiveSecondsMax: 3600,
  negativeSecondsMax: 1800,
  failureSeconds: 5,
  staleSecondsMax: 3600,
  staleTtlSeconds: 30,
};

interface Entry {
  readonly answer: Answer;
  readonly storedMs: number;
  readonly lifeSeconds: number;
  readonly bytes: number;
}

/** Bytes that an entry and each record take beside their data; an estimate that keeps the limit honest. */
const OVERHEAD_BYTES = 200;

/** Answers of other servers, least recently used first out. */
export class AnswerCache {
  readonly #options: CacheOptions;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /** What is remembered and still valid, with TTLs counted down. */
  get(question: Question, nowMs: number): Answer | undefined {
    const key = questionKey(question);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const age = Math.floor((nowMs - entry.storedMs) / 1000);
    if (age >= entry.lifeSeconds) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return withTtl(entry.answer, (ttl) => Math.max(0, ttl - age));
  }

  /** What was valid once and may stand in while nobody answers. */
  getStale(question: Question, nowMs: number): Answer | undefined {
    const { staleSecondsMax, staleTtlSeconds } = this.#options;
    const entry = this.#entries.get(questionKey(question));
    if (entry === undefined || entry.answer.rcode === rcodes.SERVFAIL) return undefined;
    const age = (nowMs - entry.storedMs) / 1000;
    if (age >= entry.lifeSeconds + staleSecondsMax) return undefined;
    // Its proof may have ended with it.
    return { ...withTtl(entry.answer, () => staleTtlSeconds), isAuthentic: false };
  }

  /** Remembers an answer, if it may be, and returns it as clients are to see it: no TTL above its life. */
  put(question: Question, answer: Answer, nowMs: number): Answer {
    const lifeSeconds = lifeOf(question, answer, this.#options);
    if (lifeSeconds === undefined) return answer;
    const shown = withTtl(answer, (ttl) => Math.min(ttl, lifeSeconds));
    if (lifeSeconds === 0) return shown;
    const key = questionKey(question);
    this.#delete(key);
    const bytes = sizeOf(shown) + key.length;
    this.#entries.set(key, { answer: shown, storedMs: nowMs, lifeSeconds, bytes });
    this.#bytes += bytes;
    this.#evict();
    return shown;
  }

  #evict(): void {
    const { entriesMax, bytesMax } = this.#options;
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= entriesMax && this.#bytes <= bytesMax) return;
      this.#delete(key);
    }
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

/** Questions with equal keys have equal answers; names compare without case. */
export function questionKey(question: Question): string {
  const { key, type, isDnssecOk, isCheckingDisabled } = question;
  return `${type} ${isDnssecOk ? 1 : 0}${isCheckingDisabled ? 1 : 0} ${key}`;
}

/** How long an answer may be remembered, in seconds; undefined if it may not be, and its TTLs stay as they are. */
function lifeOf(question: Question, answer: Answer, options: CacheOptions): number | undefined {
  const { rcode, answers, authority, isTruncated } = answer;
  if (isTruncated) return undefined;
  if (rcode === rcodes.SERVFAIL) return options.failureSeconds;
  if (rcode !== rcodes.NOERROR && rcode !== rcodes.NXDOMAIN) return undefined;
  const ttls = answers.map(({ ttl }) => ttl);
  if (rcode === rcodes.NOERROR && isAnswered(question, answers))
    return Math.min(options.positiveSecondsMax, ...ttls);
  // RFC 2308 section 5: a denial without SOA is not remembered; its life is the lesser of TTL and minimum field.
  const soa = authority.find(({ type }) => type === recordTypes.SOA);
  if (soa === undefined) return undefined;
  return Math.min(options.negativeSecondsMax, soa.ttl, soaMinimum(soa), ...ttls);
}

/**
 * Whether the question's aliases lead to a record of its type. A chain that ends without one is a denial: remembered
 * like an answer it would keep the name without addresses for as long as the alias lives.
 */
function isAnswered({ key, type }: Question, answers: readonly ResourceRecord[]): boolean {
  const at = (name: NameKey) => answers.filter((record) => nameKey(record.name) === name);
  let name = key;
  for (let links = 0; links <= answers.length; links++) {
    const own = at(name);
    if (own.some((record) => record.type === type || type === recordTypes.ANY)) return true;
    const alias = own.find((record) => record.type === recordTypes.CNAME);
    if (alias === undefined) return false;
    name = nameKey(alias.data);
  }
  return false;
}

function soaMinimum({ data }: ResourceRecord): number {
  if (data.length < 4) return 0;
  return Buffer.from(data.buffer, data.byteOffset + data.length - 4, 4).readUInt32BE(0);
}

function withTtl(answer: Answer, change: (ttl: number) => number): Answer {
  const map = (records: readonly ResourceRecord[]) =>
    records.map((record) => ({ ...record, ttl: change(record.ttl) }));
  return {
    ...answer,
    answers: map(answer.answers),
    authority: map(answer.authority),
    additional: map(answer.additional),
  };
}

function sizeOf({ answers, authority, additional }: Answer): number {
  let bytes = OVERHEAD_BYTES;
  for (const { name, data } of [...answers, ...authority, ...additional]) {
    bytes += OVERHEAD_BYTES + name.length + data.length;
  }
  return bytes;
}
