import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, serviceAccounts } from "../../src/api/resource.ts";
import { isNotFound } from "../../src/api/status-error.ts";
import type { Api } from "../../src/client/api.ts";
import { createApi } from "../../src/client/create-api.ts";
import { createInformers } from "../../src/client/informers.ts";
import type { Transport } from "../../src/client/transport.ts";
import { runGarbageCollector } from "../../src/controllers/garbagecollector/run.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLogger } from "../../src/lib/log.ts";
import { startLab } from "../apiserver/lab.ts";
import { eventually } from "./lab.ts";

test("the collector follows kinds that appear later, and lets go of those that vanish", async () => {
  await using lab = await startLab();
  const admin = { user: "admin", groups: ["system:masters"] };
  const transport: Transport = {
    request: (request, signal) => lab.server.handle(request, admin, signal),
    [Symbol.asyncDispose]: async () => {},
  };
  const server = createApi(transport);
  // The server as it would be with a kind that comes and goes.
  let hasConfigMaps = false;
  const api: Api = {
    ...server,
    discover: async () => {
      const { resources, failedGroupVersions } = await server.discover();
      const isThere = ({ plural }: { readonly plural: string }) =>
        hasConfigMaps || plural !== "configmaps";
      return { resources: resources.filter(isThere), failedGroupVersions };
    },
  };
  const end = new AbortController();
  const { signal } = end;
  const write = (line: string) => process.stderr.write(line);
  const log = createLogger({ room: "controllers", level: "error", write, now: Date.now });
  const common = { clock: systemClock, random: Math.random, log, signal };
  const informers = createInformers(transport, common);
  const running = runGarbageCollector({ api, informers, ...common }, { rediscoverMs: 20 });

  const namespace = "default";
  const owner = await api.create(serviceAccounts, { metadata: { name: "owner", namespace } });
  const { uid = "" } = owner.metadata;
  const ownerReferences = [{ apiVersion: "v1", kind: "ServiceAccount", name: "owner", uid }];
  const name = { namespace, name: "owned" };
  await api.create(configMaps, { metadata: { ...name, ownerReferences } });
  await api.delete(serviceAccounts, { namespace, name: "owner" });

  hasConfigMaps = true;
  await eventually(() => assert.rejects(api.get(configMaps, name), isNotFound));

  const followed = informers.informer(configMaps);
  hasConfigMaps = false;
  await eventually(async () => assert.notEqual(informers.informer(configMaps), followed));
  end.abort();
  await running;
  await informers[Symbol.asyncDispose]();
});
