import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ManualClock } from "../../src/lib/manual-clock.ts";
import { type HttpClient, httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";

// Everything that takes its time or its chances: the test owns both.

const clock = new ManualClock();
let lab: Lab;
let http: HttpClient;
const maps = "/api/v1/namespaces/default/configmaps";
const events = "/api/v1/namespaces/default/events";

before(async () => {
  lab = await startLab({ clock, random: () => 0.5 });
  http = httpClient(lab);
});
after(async () => {
  http[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

const versionNow = async () => (await http.get(maps)).json.metadata.resourceVersion;

test("a watch hears about once a minute how far it is, if it asks for it", async () => {
  const version = await versionNow();
  await using watching = await http.watch(
    `${maps}?watch=true&resourceVersion=${version}&allowWatchBookmarks=true`,
  );
  await http.post("/api/v1/namespaces", { metadata: { name: "elsewhere" } });
  const newest = await versionNow();
  await clock.advance(61_000);
  const { type, object } = await watching.next();
  assert.equal(type, "BOOKMARK");
  assert.equal(object.metadata.resourceVersion, newest, "progress counts, of whatever kind");
});

test("a watch without a deadline of its own ends after 30 to 60 minutes", async () => {
  const version = await versionNow();
  await using watching = await http.watch(`${maps}?watch=true&resourceVersion=${version}`);
  let isOver = false;
  void watching.ended.then(() => {
    isOver = true;
  });
  await clock.advance(44 * 60_000);
  assert.equal(isOver, false);
  await clock.advance(2 * 60_000);
  await watching.ended;
});

test("a generated name that is taken every time is a conflict that says so", async () => {
  // With this chance, every draw is the same.
  assert.equal((await http.post(maps, { metadata: { generateName: "same-" } })).status, 201);
  const { status, json } = await http.post(maps, { metadata: { generateName: "same-" } });
  assert.equal(status, 409);
  assert.equal(json.reason, "AlreadyExists");
  assert.match(json.message, /the server was not able to generate a unique name for the object$/);
});

test("an Event is gone an hour after it was last seen", async () => {
  const event = (name: string, lastTimestamp: string) => ({
    metadata: { name },
    involvedObject: { kind: "Pod", name: "p", namespace: "default" },
    lastTimestamp,
    message: "happened",
  });
  const time = new Date(clock.now()).toISOString().replace(/\.\d+/, "");
  await http.post(events, event("old", time));
  await clock.advance(59 * 60_000);
  const { status, json } = await http.get(`${events}/old`);
  assert.equal(status, 200);
  const { resourceVersion } = json.metadata;
  await using watching = await http.watch(`${events}?watch=1&resourceVersion=${resourceVersion}`);
  await clock.advance(3 * 60_000);
  const { type, object } = await watching.next();
  assert.equal(`${type} ${object.metadata.name}`, "DELETED old");
});
