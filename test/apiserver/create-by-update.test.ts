import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { kindOfResource } from "../../src/api/kinds.ts";
import { endpoints, namespaces } from "../../src/api/resource.ts";
import { ServiceAllocators } from "../../src/apiserver/allocators/service-allocators.ts";
import type { Incoming } from "../../src/apiserver/exchange.ts";
import { authenticated } from "../../src/apiserver/identity.ts";
import { forbidden } from "../../src/apiserver/refusals.ts";
import { keyOf, ObjectStore } from "../../src/apiserver/store/object-store.ts";
import { createObject } from "../../src/apiserver/write/create.ts";
import { handleReplace } from "../../src/apiserver/write/write-handlers.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLogger } from "../../src/lib/log.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/sqlite-storage.ts";

test("a PUT that would create asks whether its caller may; one that updates does not", async () => {
  const directory = mkdtempSync(join(tmpdir(), "portolan-put-"));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));
  const storage = cleanup.use(await openSqliteStorage({ directory, log: silentLogger }));
  const store = await ObjectStore.open(storage, systemClock);
  cleanup.defer(() => store.close());
  const nodePorts = { from: 30000, to: 32767 };
  const random = Math.random;
  const allocators = new ServiceAllocators({ serviceCidrs: [], nodePorts, random });
  const context = { store, clock: systemClock, random, uuid: randomUUID, allocators };
  const inDefault = { dryRun: false, namespace: "default" };
  const namespace = { metadata: { name: "default" } };
  await createObject(context, kindOfResource(namespaces), namespace, inDefault);

  const kind = kindOfResource(endpoints);
  const place = { kind, namespace: "default", name: "mine", key: keyOf("default", "mine") };
  const request: Incoming = {
    method: "PUT",
    path: "/",
    query: new URLSearchParams(),
    target: { type: "path", path: "/" },
    headers: { "content-type": "application/json" },
    identity: authenticated("jane", []),
    signal: new AbortController().signal,
    readBody: async () => Buffer.from(JSON.stringify({ metadata: { name: "mine" } })),
  };
  const checkCreate = () => {
    throw forbidden(kind, "mine", "jane may only update");
  };
  const put = () => handleReplace(context, place, request, { subresource: undefined, checkCreate });

  assert.equal((await put()).status, 403);
  assert.equal(store.get(kind, place.key), undefined);
  await createObject(context, kind, { metadata: { name: "mine" } }, inDefault);
  assert.equal((await put()).status, 200);
});
