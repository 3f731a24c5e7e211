import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { type Status, StatusError } from "../../src/api/status-error.ts";
import { judge, readCases, type Step } from "../api/service-case.ts";
import type { Answer } from "../api/service-registry.ts";
import { type Got, type HttpClient, httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";

// The same cases as test/api/service-cases.test.ts, over HTTPS: each in a namespace of its own.

const { clusters, baseSpec, cases } = readCases("service-api-cases.yaml");
const { cases: lifecycleCases } = readCases("service-lifecycle-cases.yaml");
const all = [...cases, ...lifecycleCases];

for (const [name, ranges] of Object.entries(clusters)) {
  describe(`Services of a cluster with ${ranges.families.join(" and ")}`, () => {
    let lab: Lab | undefined;
    let http: HttpClient | undefined;
    after(async () => {
      http?.[Symbol.dispose]();
      await lab?.[Symbol.asyncDispose]();
    });

    for (const { id, title, cluster, steps } of all) {
      if (cluster !== name) continue;
      test(`${id}: ${title}`, async () => {
        lab ??= await startLab({ serviceCidrs: ranges.serviceCIDRs });
        http ??= httpClient(lab);
        await http.post("/api/v1/namespaces", { metadata: { name: id } });
        const services = `/api/v1/namespaces/${id}/services`;
        try {
          for (const [index, step] of steps.entries()) {
            const answer = await perform(http, services, step);
            if (answer !== undefined) judge(answer, step, ranges, `step ${index + 1}`);
          }
        } finally {
          await clear(http, services);
        }
      });
    }
  });
}

async function perform(
  http: HttpClient,
  services: string,
  step: Step,
): Promise<Answer | undefined> {
  const { name = "s", resourceVersion, finalizers } = step;
  const path = `${services}/${name}`;
  const manifest = {
    metadata: {
      name,
      ...step.metadata,
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: { ...(step.bare === true ? {} : baseSpec), ...step.spec },
  };
  switch (step.do) {
    case "create":
      return answerOf(await http.post(services, manifest));
    case "create-dry-run":
      return answerOf(await http.post(`${services}?dryRun=All`, manifest));
    case "replace":
      return answerOf(await http.put(path, manifest));
    case "patch":
      return answerOf(
        await http.patch(path, {
          ...(step.metadata ? { metadata: step.metadata } : {}),
          spec: step.spec,
        }),
      );
    case "patch-status":
      return answerOf(await http.patch(`${path}/status`, { status: step.status }));
    case "list": {
      const selector = encodeURIComponent(`${step.field}=${step.value}`);
      const { json } = await http.get(`${services}?fieldSelector=${selector}`);
      const names = json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
      assert.deepEqual(names, step.expect?.names);
      return undefined;
    }
    case "delete":
      return answerOf(await http.delete(path));
    case "remove-finalizers":
      return answerOf(await http.patch(path, { metadata: { finalizers: null } }));
    default:
      throw new TypeError(`Unknown step ${step.do}`);
  }
}

function answerOf({ status, json }: Got): Answer {
  if (json.kind !== "Status") return { code: status, object: json };
  const { code, reason, message, details } = json as Status;
  if (code < 400 || reason === undefined) return { code: status };
  return { code: status, error: new StatusError(code, reason, message ?? "", details) };
}

/** The next case is to find its addresses and ports free. */
async function clear(http: HttpClient, services: string): Promise<void> {
  const { json } = await http.get(services);
  for (const { metadata } of json.items) {
    await http.patch(`${services}/${metadata.name}`, { metadata: { finalizers: null } });
    await http.delete(`${services}/${metadata.name}`);
  }
}
