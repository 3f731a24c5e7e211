import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { decodeObject } from "../../src/api/decode.ts";
import { withDefaults } from "../../src/api/defaults.ts";
import { invalidStatus } from "../../src/api/field-error.ts";
import { kindOfResource } from "../../src/api/kinds.ts";
import {
  apiVersionOf,
  endpointSlices,
  endpoints,
  pods,
  type Resource,
} from "../../src/api/resource.ts";
import { StatusError } from "../../src/api/status-error.ts";
import { strategyFor } from "../../src/api/strategy.ts";
import type { KubeObject } from "../../src/api/types.ts";
import { assertCauses, type ExpectedError, valueAt } from "./expectation.ts";

interface Expectation {
  readonly code: number;
  readonly errors?: readonly ExpectedError[];
  /** How many mistakes the answer names in all. */
  readonly errorCount?: number;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly absent?: readonly string[];
}

interface Case {
  readonly id: string;
  readonly title: string;
  readonly expect: Expectation;
}

interface EndpointsCase extends Case {
  readonly resource: "endpoints" | "endpointslices";
  readonly object: object & { readonly create?: object; readonly replaceWith?: object };
}

interface DnsCase extends Case {
  readonly pod: { readonly dnsConfig?: { readonly searchCount?: number } };
}

function readCases<T extends Case>(name: string): readonly T[] {
  const text = readFileSync(join(import.meta.dirname, "cases", name), "utf8");
  return (parse(text) as { cases: readonly T[] }).cases;
}

const stamps = { uid: "u", namespace: "default", creationTimestamp: "2026-01-01T00:00:00Z" };

function decoded(resource: Resource, manifest: object): KubeObject {
  const kind = kindOfResource(resource);
  const whole = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...manifest };
  const body = Buffer.from(JSON.stringify(whole));
  const { object } = decodeObject(kind, body, "application/json", { fieldValidation: "Strict" });
  const metadata = { name: "a", ...object.metadata, ...stamps };
  return withDefaults(kind, { ...object, metadata });
}

function created(resource: Resource, manifest: object): KubeObject {
  const strategy = strategyFor(resource);
  const prepared = strategy.prepareForCreate(decoded(resource, manifest));
  const errors = strategy.validateCreate(prepared);
  if (errors.length > 0) throw invalidStatus(resource, "a", errors);
  return prepared;
}

function replaced(resource: Resource, manifest: object, old: KubeObject): KubeObject {
  const strategy = strategyFor(resource);
  const prepared = strategy.prepareForUpdate(decoded(resource, manifest), old);
  const errors = strategy.validateUpdate(prepared, old);
  if (errors.length > 0) throw invalidStatus(resource, "a", errors);
  return prepared;
}

function judge({ id, expect }: Case, act: () => KubeObject): void {
  let object: KubeObject | undefined;
  let refusal: StatusError | undefined;
  try {
    object = act();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    refusal = error;
  }
  assert.equal(refusal?.status.code ?? 201, expect.code, refusal?.message);
  assertCauses(refusal, expect.errors ?? [], id);
  if (expect.errorCount !== undefined) {
    assert.equal(refusal?.status.details?.causes?.length, expect.errorCount, refusal?.message);
  }
  for (const [path, value] of Object.entries(expect.fields ?? {})) {
    assert.deepEqual(valueAt(object, path), value, path);
  }
  for (const path of expect.absent ?? []) assert.equal(valueAt(object, path), undefined, path);
}

/** Writes out what a case only counts. */
function expanded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expanded);
  if (typeof value !== "object" || value === null) return value;
  const count = Reflect.get(value, "generate");
  if (typeof count === "number") {
    return Array.from({ length: count }, (_, index) => ({ addresses: [ipOf(index)] }));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      key === "addressCount"
        ? ["addresses", Array.from({ length: Number(item) }, (_, index) => ipOf(index))]
        : [key, expanded(item)],
    ),
  );
}

const ipOf = (index: number) => `10.1.${Math.floor(index / 200)}.${(index % 200) + 1}`;

for (const row of readCases<EndpointsCase>("endpoints-api-cases.yaml")) {
  test(`${row.id}: ${row.title}`, () => {
    const resource: Resource = row.resource === "endpoints" ? endpoints : endpointSlices;
    const { create, replaceWith } = row.object;
    judge(row, () =>
      create === undefined || replaceWith === undefined
        ? created(resource, Object(expanded(row.object)))
        : replaced(resource, replaceWith, created(resource, create)),
    );
  });
}

for (const row of readCases<DnsCase>("dns-api-cases.yaml")) {
  test(`${row.id}: ${row.title}`, () => {
    const { searchCount = 0, ...dnsConfig } = row.pod.dnsConfig ?? {};
    const searches = Array.from({ length: searchCount }, (_, index) => `s${index}.example.org`);
    const spec = {
      containers: [{ name: "c", image: "nginx" }],
      ...row.pod,
      ...(row.pod.dnsConfig === undefined ? {} : { dnsConfig: { ...dnsConfig, searches } }),
    };
    judge(row, () => created(pods, { spec }));
  });
}
