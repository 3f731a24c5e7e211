import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../api/status-error.ts";
import { ManualClock, settle } from "../lib/manual-clock.ts";
import type { Followed, ListWatch, WatchEvent } from "./follow.ts";
import { follow } from "./follow.ts";

type Step = WatchEvent<string> | { readonly fail: Error } | "silence" | "end";
type Turn =
  | { readonly list: readonly string[]; readonly version: string }
  | { readonly watch: readonly Step[] };

const gone = new StatusError(410, "Expired", "too old resource version");
const refused = new StatusError(422, "Invalid", "sendInitialEvents is forbidden");
const event = (
  type: "ADDED" | "MODIFIED" | "DELETED",
  object: string,
  version: number,
): WatchEvent<string> => ({ type, object, resourceVersion: String(version) });
const bookmark = (version: number, endsInitialEvents = false): WatchEvent<string> => ({
  type: "BOOKMARK",
  resourceVersion: String(version),
  endsInitialEvents,
});

/** Plays one scripted turn per list or watch, and notes what was asked; afterwards every watch is silent. */
class ScriptedServer implements ListWatch<string> {
  readonly asked: string[] = [];
  readonly #turns: Turn[];

  constructor(turns: readonly Turn[]) {
    this.#turns = [...turns];
  }

  async list() {
    this.asked.push("list");
    const turn = this.#turns.shift();
    assert.ok(turn !== undefined && "list" in turn, "no list was scripted");
    return { items: turn.list, resourceVersion: turn.version };
  }

  async *watch(
    start: "initial-events" | { after: string },
    _timeoutMs: number,
    signal: AbortSignal,
  ) {
    this.asked.push(start === "initial-events" ? "initial" : `after ${start.after}`);
    const turn = this.#turns.shift() ?? { watch: ["silence" as const] };
    assert.ok("watch" in turn, "no watch was scripted");
    for (const step of turn.watch) {
      if (step === "end") return;
      if (step === "silence") {
        await new Promise<never>((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
        });
      } else if ("fail" in step) throw step.fail;
      else yield step;
    }
  }
}

interface Case {
  readonly name: string;
  readonly turns: readonly Turn[];
  readonly elapsedMs?: number;
  readonly asked: readonly string[];
  readonly want: readonly Followed<string>[];
  readonly errors?: number;
}

const initial: Turn = { watch: [event("ADDED", "a", 1), bookmark(5, true), "end"] };

const cases: readonly Case[] = [
  {
    name: "the whole state comes through the watch and is one REPLACED",
    turns: [
      {
        watch: [
          event("ADDED", "a", 1),
          event("ADDED", "b", 4),
          bookmark(5, true),
          event("MODIFIED", "b", 6),
          "silence",
        ],
      },
    ],
    asked: ["initial"],
    want: [
      { type: "REPLACED", objects: ["a", "b"] },
      { type: "MODIFIED", object: "b" },
    ],
  },
  {
    name: "a server that refuses initial events is listed at once, without an error",
    turns: [
      { watch: [{ fail: refused }] },
      { list: ["a"], version: "7" },
      { watch: [event("DELETED", "a", 8), "silence"] },
    ],
    asked: ["initial", "list", "after 7"],
    want: [
      { type: "REPLACED", objects: ["a"] },
      { type: "DELETED", object: "a" },
    ],
  },
  {
    name: "a server that never ends its initial events is listed",
    turns: [{ watch: ["silence"] }, { list: [], version: "7" }],
    elapsedMs: 61_000,
    asked: ["initial", "list", "after 7"],
    want: [{ type: "REPLACED", objects: [] }],
  },
  {
    name: "a watch that ended resumes after the last event",
    turns: [initial, { watch: [event("ADDED", "b", 9), "end"] }],
    elapsedMs: 1_000,
    asked: ["initial", "after 5", "after 9"],
    want: [
      { type: "REPLACED", objects: ["a"] },
      { type: "ADDED", object: "b" },
    ],
  },
  {
    name: "a bookmark moves the place to resume from",
    turns: [initial, { watch: [bookmark(40), { fail: new Error("ECONNRESET") }] }],
    elapsedMs: 1_000,
    asked: ["initial", "after 5", "after 40"],
    want: [{ type: "REPLACED", objects: ["a"] }],
    errors: 1,
  },
  {
    name: "after 410 the state is read anew",
    turns: [
      initial,
      { watch: [{ fail: gone }] },
      { watch: [event("ADDED", "c", 20), bookmark(21, true), "silence"] },
    ],
    elapsedMs: 1_000,
    asked: ["initial", "after 5", "initial"],
    want: [
      { type: "REPLACED", objects: ["a"] },
      { type: "REPLACED", objects: ["c"] },
    ],
    errors: 1,
  },
  {
    name: "a stream that went silent is given up after the end that was asked for",
    turns: [{ watch: [bookmark(5, true), "silence"] }],
    elapsedMs: 10 * 60_000,
    asked: ["initial", "after 5"],
    want: [{ type: "REPLACED", objects: [] }],
    errors: 1,
  },
];

for (const { name, turns, elapsedMs = 0, asked, want, errors = 0 } of cases) {
  test(`follow: ${name}`, async () => {
    const server = new ScriptedServer(turns);
    const clock = new ManualClock();
    const end = new AbortController();
    let failures = 0;
    const onError = () => failures++;
    const got: Followed<string>[] = [];
    const reading = (async () => {
      const options = { signal: end.signal, clock, random: () => 0.5, onError };
      for await (const followed of follow(server, options)) got.push(followed);
    })();
    await settle();
    await clock.advance(elapsedMs);
    end.abort();
    await reading;
    assert.deepEqual(server.asked, asked);
    assert.deepEqual(got, want);
    assert.equal(failures, errors);
  });
}

test("follow: the pauses between failing turns grow, with chance in them, up to half a minute", async () => {
  const clock = new ManualClock();
  const end = new AbortController();
  const pauses: number[] = [];
  const source: ListWatch<string> = {
    list: () => Promise.reject(new Error("ECONNREFUSED")),
    watch: () => {
      throw new Error("ECONNREFUSED");
    },
  };
  const onError = (_: unknown, retryMs: number) => pauses.push(retryMs);
  const reading = (async () => {
    const options = { signal: end.signal, clock, random: () => 0, onError };
    for await (const _ of follow(source, options));
  })();
  await clock.advance(120_000);
  end.abort();
  await reading;
  assert.deepEqual(pauses.slice(0, 4), [100, 200, 400, 800]);
  assert.equal(Math.max(...pauses), 30_000);
});
