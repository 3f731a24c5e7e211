import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { type HttpClient, httpClient } from "./http-client.ts";

const rounds = 8;
const writers = 64;
const maps = "/api/v1/namespaces/default/configmaps";

interface Acknowledged {
  readonly name: string;
  readonly version: number;
  readonly value: string;
}

async function startServer(directory: string): Promise<{ child: ChildProcess; http: HttpClient }> {
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      join(import.meta.dirname, "crash-server.ts"),
      directory,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: child.stdout! });
  const { value: line } = await lines[Symbol.asyncIterator]().next();
  if (line === undefined) throw new Error("The server ended before it said where it is");
  const { port, ca, admin } = JSON.parse(line);
  return { child, http: httpClient({ port, admin, authority: { cert: ca } }) };
}

/** 64 clients write until the server dies in the middle of it. */
async function storm(directory: string, round: number, killAfter: number): Promise<Acknowledged[]> {
  const { child, http } = await startServer(directory);
  const acknowledged: Acknowledged[] = [];
  const write = async (writer: number) => {
    for (let i = 0; ; i++) {
      const name = `writer-${writer}`;
      const value = `${round}/${i}`;
      const body = { metadata: { name }, data: { value } };
      const put = await http.put(`${maps}/${name}`, body);
      const got = put.status === 404 ? await http.post(maps, body) : put;
      if (got.status >= 300) throw new Error(got.bytes.toString());
      acknowledged.push({ name, version: Number(got.json.metadata.resourceVersion), value });
      if (acknowledged.length === killAfter) child.kill("SIGKILL");
    }
  };
  const died = once(child, "exit");
  const outcomes = await Promise.allSettled(Array.from({ length: writers }, (_, i) => write(i)));
  await died;
  http[Symbol.dispose]();
  // Every writer ended because its connection did, not because of an answer.
  for (const outcome of outcomes) {
    assert(outcome.status === "rejected");
    assert.match(String(Object(outcome.reason).code), /^E|^ERR_/, String(outcome.reason));
  }
  return acknowledged;
}

test(`an API server killed ${rounds} times under ${writers} writers keeps every acknowledged write`, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "portolan-api-crash-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  let highest = 0;
  for (let round = 0; round < rounds; round++) {
    const acknowledged = await storm(directory, round, 200 + round * 100);
    const versions = acknowledged.map(({ version }) => version);
    assert.equal(new Set(versions).size, versions.length, "no version is given twice");
    assert.ok(Math.min(...versions) > highest, "versions grow over restarts");

    const { child, http } = await startServer(directory);
    const list = (await http.get(maps)).json;
    const stored = new Map<
      string,
      { metadata: { resourceVersion: string }; data: { value: string } }
    >(list.items.map((item: { metadata: { name: string } }) => [item.metadata.name, item]));
    const newest = new Map(acknowledged.map((write) => [write.name, write]));
    for (const { name, version, value } of newest.values()) {
      const item = stored.get(name);
      const now = Number(item?.metadata.resourceVersion);
      assert.ok(now >= version, `${name} is at ${now}, acknowledged was ${version}`);
      if (now === version) assert.equal(item?.data.value, value);
    }

    const first = acknowledged.toSorted((a, b) => a.version - b.version)[0]!;
    const later = acknowledged.filter(({ version }) => version > first.version);
    const resume = `${maps}?watch=true&resourceVersion=${first.version}`;
    {
      await using watching = await http.watch(resume);
      const wanted = new Map(
        later.map(({ version, name, value }) => [version, `${name} ${value}`]),
      );
      let last = first.version;
      while (wanted.size > 0) {
        const { type, object } = await watching.next();
        assert.ok(type === "ADDED" || type === "MODIFIED", type);
        const version = Number(object.metadata.resourceVersion);
        assert.ok(version > last, "the watch is in order");
        last = version;
        const want = wanted.get(version);
        if (want !== undefined) assert.equal(`${object.metadata.name} ${object.data.value}`, want);
        wanted.delete(version);
      }
    }
    highest = Number(list.metadata.resourceVersion);
    http[Symbol.dispose]();
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});
