import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type HttpClient, httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";
import { map } from "./samples.ts";

let lab: Lab;
let http: HttpClient;
const maps = "/api/v1/namespaces/default/configmaps";

before(async () => {
  lab = await startLab();
  http = httpClient(lab);
});
after(async () => {
  http[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

const versionNow = async () => (await http.get(maps)).json.metadata.resourceVersion;

test("a watch from a version gets every later change, once and in order", async () => {
  const version = await versionNow();
  await http.post(maps, map("w1"));
  await using watching = await http.watch(`${maps}?watch=true&resourceVersion=${version}`);
  await http.patch(`${maps}/w1`, { data: { a: "1" } });
  await http.delete(`${maps}/w1`);
  const events = [await watching.next(), await watching.next(), await watching.next()];
  assert.deepEqual(
    events.map(({ type }) => type),
    ["ADDED", "MODIFIED", "DELETED"],
  );
  const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(versions).size, 3, "a deletion has a version of its own");
  assert.deepEqual(events[2].object.data, { a: "1" }, "a deletion shows the last content");
});

test("without a version the current state comes first", async () => {
  await http.post(maps, map("first"));
  await using watching = await http.watch(
    `${maps}?watch=1&fieldSelector=metadata.name%3Dfirst&resourceVersion=0`,
  );
  assert.equal((await watching.next()).type, "ADDED");
  await http.delete(`${maps}/first`);
  assert.equal((await watching.next()).type, "DELETED");
});

test("an object that stops matching a selector is deleted, one that starts is added", async () => {
  const version = await versionNow();
  const query = `watch=true&resourceVersion=${version}&labelSelector=color%3Dred`;
  await using watching = await http.watch(`${maps}?${query}`);
  await http.post(maps, map("chameleon", { labels: { color: "green" } }));
  await http.patch(`${maps}/chameleon`, { metadata: { labels: { color: "red" } } });
  await http.patch(`${maps}/chameleon`, { data: { a: "1" } });
  const left = await http.patch(`${maps}/chameleon`, { metadata: { labels: { color: "blue" } } });
  await http.delete(`${maps}/chameleon`);
  await http.post(maps, map("red", { labels: { color: "red" } }));
  const events = [
    await watching.next(),
    await watching.next(),
    await watching.next(),
    await watching.next(),
  ];
  assert.deepEqual(
    events.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ["ADDED chameleon", "MODIFIED chameleon", "DELETED chameleon", "ADDED red"],
  );
  const gone = events[2].object;
  assert.equal(gone.metadata.labels.color, "red", "its last content while it matched");
  assert.equal(gone.metadata.resourceVersion, left.json.metadata.resourceVersion);
});

test("a WatchList sends the state, then a bookmark that says so, then changes", async () => {
  await http.post(maps, map("listed"));
  const query =
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  await using watching = await http.watch(`${maps}?${query}`);
  const seen: string[] = [];
  for (;;) {
    const { type, object } = await watching.next();
    if (type === "BOOKMARK") {
      assert.equal(object.metadata.annotations["k8s.io/initial-events-end"], "true");
      assert.equal(object.kind, "ConfigMap");
      break;
    }
    assert.equal(type, "ADDED");
    seen.push(object.metadata.name);
  }
  assert.ok(seen.includes("listed"));
  await http.delete(`${maps}/listed`);
  assert.equal((await watching.next()).type, "DELETED");
});

test("without initial events and without a version a watch begins now", async () => {
  await http.post(maps, map("before-now"));
  const query = "watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
  await using watching = await http.watch(`${maps}?${query}`);
  await http.post(maps, map("after-now"));
  const { type, object } = await watching.next();
  assert.equal(`${type} ${object.metadata.name}`, "ADDED after-now");
});

const refusedWatches = [
  { name: "initial events without a match", query: "sendInitialEvents=true" },
  { name: "a match without initial events", query: "resourceVersionMatch=NotOlderThan" },
  {
    name: "an exact match",
    query: "sendInitialEvents=true&resourceVersionMatch=Exact",
  },
];
for (const { name, query } of refusedWatches) {
  test(`a watch with ${name} is refused`, async () => {
    const { status, json } = await http.get(`${maps}?watch=true&${query}`);
    assert.equal(status, 422);
    assert.equal(json.reason, "Invalid");
  });
}

test("a version that is too old ends the watch with a 410 event", async () => {
  const version = await versionNow();
  await http.post(maps, map("old"));
  await http.delete(`${maps}/old`);
  await lab.storage.compact(lab.storage.revision);
  await using watching = await http.watch(`${maps}?watch=true&resourceVersion=${version}`);
  const { type, object } = await watching.next();
  assert.equal(type, "ERROR");
  assert.equal(object.code, 410);
  assert.equal(object.reason, "Expired");
  await watching.ended;
});

test("a watch ends at its deadline, with a bookmark of how far it came", async () => {
  const version = await versionNow();
  await using watching = await http.watch(
    `${maps}?watch=true&resourceVersion=${version}&timeoutSeconds=1&allowWatchBookmarks=true`,
  );
  const bookmark = await watching.next();
  assert.equal(bookmark.type, "BOOKMARK");
  await watching.ended;
});

test("a table watch has rows", async () => {
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const version = await versionNow();
  await using watching = await http.watch(`${maps}?watch=true&resourceVersion=${version}`, {
    accept,
  });
  await http.post(maps, map("row"));
  const { type, object } = await watching.next();
  assert.equal(type, "ADDED");
  assert.equal(object.kind, "Table");
  assert.equal(object.rows[0].cells[0], "row");
});

test("many writers, many watchers: all of them agree on the versions", async () => {
  const version = await versionNow();
  const watchers = await Promise.all(
    Array.from({ length: 10 }, () => http.watch(`${maps}?watch=true&resourceVersion=${version}`)),
  );
  const count = 60;
  await Promise.all(Array.from({ length: count }, (_, i) => http.post(maps, map(`many-${i}`))));
  const seen = await Promise.all(
    watchers.map(async (watcher) => {
      const versions: string[] = [];
      for (let i = 0; i < count; i++) {
        versions.push((await watcher.next()).object.metadata.resourceVersion);
      }
      return versions.join();
    }),
  );
  assert.equal(new Set(seen).size, 1);
  for (const watcher of watchers) await watcher[Symbol.asyncDispose]();
});

test("a reader that is slow gets everything in the end, and costs no memory meanwhile", async () => {
  const version = await versionNow();
  const { server } = lab;
  const path = `${maps}?watch=true&resourceVersion=${version}`;
  const stop = new AbortController();
  const admin = { user: "admin", groups: ["system:masters"] };
  const answer = await server.handle({ method: "GET", path, headers: {} }, admin, stop.signal);
  const reader = answer.body[Symbol.asyncIterator]();
  const first = reader.next(); // The stream begins when somebody reads it.
  const text = "x".repeat(100_000);
  for (let i = 0; i < 60; i++)
    await http.put(`${maps}/many-0`, { ...map("many-0"), data: { text, i: `${i}` } });
  const decoder = new TextDecoder();
  let received = decoder.decode((await first).value, { stream: true });
  let chunkMax = 0;
  while (received.split("\n").length <= 60) {
    const { value } = await reader.next();
    chunkMax = Math.max(chunkMax, value.byteLength);
    received += decoder.decode(value, { stream: true });
  }
  assert.ok(chunkMax < 512 * 1024, `the rest comes in pieces, one had ${chunkMax} bytes`);
  const seen = received
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).object.data.i);
  assert.deepEqual(
    seen,
    Array.from({ length: 60 }, (_, i) => `${i}`),
  );
  stop.abort();
});

test("after a restart a watch resumes where it stopped, without a gap", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "portolan-restart-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  let version = "";
  {
    await using first = await startLab({ directory });
    using client = httpClient(first);
    await client.post(maps, map("a"));
    version = (await client.get(maps)).json.metadata.resourceVersion;
    await client.post(maps, map("b"));
    await client.delete(`${maps}/a`);
  }
  await using second = await startLab({ directory });
  using client = httpClient(second);
  await using watching = await client.watch(`${maps}?watch=true&resourceVersion=${version}`);
  const events = [await watching.next(), await watching.next()];
  assert.deepEqual(
    events.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ["ADDED b", "DELETED a"],
  );
});
