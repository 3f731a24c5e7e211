import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { kindOfResource } from "../../src/api/kinds.ts";
import { configMaps } from "../../src/api/resource.ts";
import type { Sink } from "../../src/apiserver/exchange.ts";
import { authenticated } from "../../src/apiserver/identity.ts";
import { incomingOf } from "../../src/apiserver/in-process.ts";
import { ObjectStore } from "../../src/apiserver/store/object-store.ts";
import { watch } from "../../src/apiserver/watch/watch.ts";
import { WatchHub } from "../../src/apiserver/watch/watch-hub.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLogger as log } from "../../src/lib/log.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/sqlite-storage.ts";

// A watch whose reader the test holds back, over a history of ten changes.

const kind = kindOfResource(configMaps);

/** A reader that takes one chunk and then nothing until it is told to. */
class SlowReader implements Sink {
  readonly lines: string[] = [];
  isEnded = false;
  #drained = () => {};
  #isSlow = false;

  write(chunk: Uint8Array): boolean {
    this.lines.push(...Buffer.from(chunk).toString().trim().split("\n"));
    return !this.#isSlow;
  }

  onDrain(callback: () => void): void {
    this.#drained = callback;
  }

  end(): void {
    this.isEnded = true;
  }

  becomeSlow(): void {
    this.#isSlow = true;
  }

  drain(): void {
    this.#isSlow = false;
    this.#drained();
  }
}

async function start(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "portolan-slow-"));
  const storage = await openSqliteStorage({ directory, log });
  const store = await ObjectStore.open(storage, systemClock, {
    ageMs: 60_000,
    count: 10,
    bytes: 1e9,
  });
  const hub = new WatchHub(store, Date.now, log);
  const closing = new AbortController();
  t.after(async () => {
    closing.abort();
    hub.close();
    store.close();
    await storage[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });
  const context = {
    store,
    hub,
    clock: systemClock,
    random: Math.random,
    log,
    closing: closing.signal,
  };
  const path = `/api/v1/configmaps?watch=true&resourceVersion=${store.revision}`;
  const identity = authenticated("me", []);
  const request = incomingOf({ method: "GET", path, headers: {} }, identity, closing.signal);
  const answer = await watch(context, kind, request);
  assert("stream" in answer);
  const reader = new SlowReader();
  answer.stream(reader, closing.signal);
  const write = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const revision = store.get(kind, "default/a")?.revision ?? 0;
      const metadata = { name: "a", namespace: "default", labels: { i: `${revision}` } };
      await store.put(
        kind,
        "default/a",
        { kind: "ConfigMap", apiVersion: "v1", metadata },
        revision,
      );
      await turn();
    }
  };
  return { reader, write };
}

/** One turn of the event loop: a watch needs no more than promises that have resolved to go on. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a reader that falls behind gets the rest from the history, once and in order", async (t) => {
  const { reader, write } = await start(t);
  await turn();
  await write(2);
  reader.becomeSlow();
  await write(8);
  assert.equal(reader.lines.length, 3, "the change that it choked on was the last to be written");
  reader.drain();
  await turn();
  const versions = reader.lines.map((line) =>
    Number(JSON.parse(line).object.metadata.resourceVersion),
  );
  assert.equal(versions.length, 10);
  assert.deepEqual(
    versions,
    [...new Set(versions)].toSorted((a, b) => a - b),
  );
  await write(1);
  await turn();
  assert.equal(reader.lines.length, 11, "it is up to date again");
});

test("a reader that falls behind the history is told 410 and ended", async (t) => {
  const { reader, write } = await start(t);
  await turn();
  reader.becomeSlow();
  await write(30);
  assert.equal(reader.isEnded, false);
  reader.drain();
  await turn();
  const last = JSON.parse(reader.lines.at(-1) ?? "");
  assert.equal(last.type, "ERROR");
  assert.equal(last.object.code, 410);
  assert.equal(reader.isEnded, true);
});
