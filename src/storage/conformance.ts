import assert from "node:assert/strict";
import type { Storage, StorageEvent, StorageWrite, WriteResult } from "./storage.ts";

/** What every back end of `Storage` must do. Each case gets an empty store. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: (storage: Storage) => Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) =>
  value === undefined ? undefined : new TextDecoder().decode(value);

const put = (key: string, value: string, revision?: number): StorageWrite => ({
  type: "put",
  key,
  value: bytes(value),
  expect: revision === undefined ? [] : [{ key, revision }],
});
const remove = (key: string, revision?: number): StorageWrite => ({
  type: "delete",
  key,
  expect: revision === undefined ? [] : [{ key, revision }],
});

function revisionOf(result: WriteResult): number {
  assert(result.done, "the write happened");
  return result.revision;
}

/** An event as one word, for comparing. */
function show(event: StorageEvent): string {
  return event.type === "put" ? `${event.key}=${text(event.value)}` : `-${event.key}`;
}

async function contents(storage: Storage, prefix: string, revision?: number): Promise<string[]> {
  const { entries } = await storage.list(prefix, revision);
  return entries.map(({ key, value }) => `${key}=${text(value)}`);
}

export const conformanceCases: readonly ConformanceCase[] = [
  {
    name: "a write is read back with its revision",
    run: async (storage) => {
      const revision = revisionOf(await storage.write(put("a", "1")));
      const entry = await storage.get("a");
      assert.equal(text(entry?.value), "1");
      assert.equal(entry?.revision, revision);
      assert.equal(await storage.get("b"), undefined);
    },
  },
  {
    name: "an empty store has a revision above zero, since zero means any",
    run: async (storage) => {
      assert.ok(storage.revision > 0);
      assert.deepEqual(await contents(storage, ""), []);
    },
  },
  {
    name: "revisions grow with each write, also among writes that share a commit",
    run: async (storage) => {
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, i) => storage.write(put(`k${i}`, "x"))),
      );
      const revisions = results.map(revisionOf);
      assert.deepEqual(
        revisions,
        revisions.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(revisions).size, 100);
      assert.equal(storage.revision, revisions.at(-1));
    },
  },
  {
    name: "a write whose expectation fails does not happen and names the key",
    run: async (storage) => {
      const first = revisionOf(await storage.write(put("a", "1", 0)));
      assert.deepEqual(await storage.write(put("a", "2", 0)), { done: false, key: "a" });
      assert.deepEqual(await storage.write(remove("a", first + 1)), { done: false, key: "a" });
      assert.deepEqual(await storage.write(remove("b")), { done: false, key: "b" });
      assert.equal(storage.revision, first);
      revisionOf(await storage.write(put("a", "2", first)));
      assert.deepEqual(await contents(storage, ""), ["a=2"]);
    },
  },
  {
    name: "an expectation may be about another key",
    run: async (storage) => {
      const space = revisionOf(await storage.write(put("space", "active")));
      const write = { ...put("a", "1"), expect: [{ key: "space", revision: space }] };
      revisionOf(await storage.write(write));
      await storage.write(remove("space"));
      assert.deepEqual(await storage.write(write), { done: false, key: "space" });
    },
  },
  {
    name: "of writers that expect the same revision in one commit, one wins",
    run: async (storage) => {
      const revision = revisionOf(await storage.write(put("a", "0")));
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => storage.write(put("a", `${i}`, revision))),
      );
      assert.equal(results.filter(({ done }) => done).length, 1);
    },
  },
  {
    name: "a list has the keys under its prefix, sorted, and no others",
    run: async (storage) => {
      for (const key of ["p/b", "p/a", "q", "p", "p/a/x", "p0", "p/é"]) {
        await storage.write(put(key, "1"));
      }
      assert.deepEqual(await contents(storage, "p/"), ["p/a=1", "p/a/x=1", "p/b=1", "p/é=1"]);
    },
  },
  {
    name: "a list at an older revision shows what was there then",
    run: async (storage) => {
      await storage.write(put("a", "1"));
      const then = revisionOf(await storage.write(put("b", "1")));
      await storage.write(put("a", "2"));
      await storage.write(put("a", "3"));
      await storage.write(remove("b"));
      await storage.write(put("c", "1"));
      assert.deepEqual(await contents(storage, "", then), ["a=1", "b=1"]);
      assert.deepEqual(await contents(storage, ""), ["a=3", "c=1"]);
    },
  },
  {
    name: "a watch replays what came after its revision, then goes on live, without gap or repetition",
    run: async (storage) => {
      await storage.write(put("a", "1"));
      const after = storage.revision;
      await storage.write(put("a", "2"));
      await storage.write(remove("a"));
      const seen: string[] = [];
      const writing = Array.from({ length: 20 }, (_, i) => storage.write(put("b", `${i}`)));
      const stop = await storage.watch({
        prefix: "",
        after,
        onEvents: (events) => seen.push(...events.map(show)),
      });
      await Promise.all(writing);
      const want = ["a=2", "-a", ...Array.from({ length: 20 }, (_, i) => `b=${i}`)];
      assert.deepEqual(seen, want);
      stop();
      await storage.write(put("c", "1"));
      assert.deepEqual(seen, want);
    },
  },
  {
    name: "a writer's own event is delivered before its write is acknowledged",
    run: async (storage) => {
      let newest = 0;
      const onEvents = (_: readonly StorageEvent[], revision: number) => {
        newest = revision;
      };
      const stop = await storage.watch({ prefix: "", after: storage.revision, onEvents });
      const revision = revisionOf(await storage.write(put("a", "1")));
      assert.equal(newest, revision);
      stop();
    },
  },
  {
    name: "a watch hears only of its prefix, and of progress everywhere",
    run: async (storage) => {
      const seen: string[] = [];
      let progress = 0;
      const stop = await storage.watch({
        prefix: "a/",
        after: storage.revision,
        onEvents: (events, revision) => {
          seen.push(...events.map(show));
          progress = revision;
        },
      });
      await storage.write(put("a/1", "1"));
      await storage.write(put("b/1", "1"));
      assert.deepEqual(seen, ["a/1=1"]);
      assert.equal(progress, storage.revision);
      stop();
    },
  },
  {
    name: "after compaction what is older is refused and what is newer still works",
    run: async (storage) => {
      const first = revisionOf(await storage.write(put("a", "1")));
      const second = revisionOf(await storage.write(put("a", "2")));
      await storage.write(put("a", "3"));
      await storage.compact(second);
      assert.equal(storage.compactedRevision, second);
      assert.equal(storage.isReachable(first), false);
      await assert.rejects(storage.list("", first), { code: "STORAGE_REVISION_UNREACHABLE" });
      await assert.rejects(storage.watch({ prefix: "", after: first, onEvents: () => {} }), {
        code: "STORAGE_REVISION_UNREACHABLE",
      });
      assert.deepEqual(await contents(storage, "", second), ["a=2"]);
      assert.deepEqual(await contents(storage, ""), ["a=3"]);
    },
  },
  {
    name: "a revision of the future is refused",
    run: async (storage) => {
      assert.equal(storage.isReachable(storage.revision + 1), false);
      await assert.rejects(storage.list("", storage.revision + 1), {
        code: "STORAGE_REVISION_UNREACHABLE",
      });
    },
  },
];
