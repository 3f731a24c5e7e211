import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOfResource } from "../../src/api/kinds.ts";
import { endpoints } from "../../src/api/resource.ts";
import type { Incoming } from "../../src/apiserver/exchange.ts";
import { authenticated } from "../../src/apiserver/identity.ts";
import { forbidden } from "../../src/apiserver/refusals.ts";
import { keyOf } from "../../src/apiserver/store/object-store.ts";
import { createObject } from "../../src/apiserver/write/create.ts";
import { handleReplace } from "../../src/apiserver/write/write-handlers.ts";
import { openWriteContext } from "./write-context.ts";

test("a PUT that would create asks whether its caller may; one that updates does not", async () => {
  await using cleanup = new AsyncDisposableStack();
  const context = await openWriteContext(cleanup);
  const { store } = context;
  const inDefault = { dryRun: false, namespace: "default" };

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
