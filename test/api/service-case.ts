import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import {
  cidrAddress,
  cidrContains,
  cidrSize,
  familyOf,
  parseCidr,
  parseIp,
} from "../../src/lib/ip.ts";
import { assertCauses, type ExpectedError, valueAt } from "./expectation.ts";
import type { Answer, ClusterRanges } from "./service-registry.ts";

// What a case says, and whether an answer is as it says. The cases explain themselves in the head of the file.

interface Expectation {
  readonly code?: number;
  readonly reason?: string;
  readonly errors?: readonly ExpectedError[];
  readonly spec?: object;
  readonly absent?: readonly string[];
  readonly kinds?: Readonly<Record<string, string>>;
  readonly names?: readonly string[];
}

export interface Step {
  readonly do: string;
  readonly name?: string;
  readonly bare?: boolean;
  readonly spec?: object;
  readonly status?: object;
  readonly metadata?: object;
  readonly finalizers?: readonly string[];
  readonly resourceVersion?: string;
  readonly field?: string;
  readonly value?: string;
  readonly expect?: Expectation;
}

export interface ServiceCases {
  readonly clusters: Readonly<
    Record<string, ClusterRanges & { readonly families: readonly string[] }>
  >;
  readonly baseSpec: object;
  readonly cases: readonly {
    readonly id: string;
    readonly title: string;
    readonly cluster: string;
    readonly steps: readonly Step[];
  }[];
  readonly familyMatrix: readonly string[];
}

export function readCases(name: string): ServiceCases {
  return parse(readFileSync(join(import.meta.dirname, "cases", name), "utf8")) as ServiceCases;
}

/** Compares an answer with what the step expects of it. */
export function judge(
  answer: Answer,
  { do: verb, expect = {} }: Step,
  cluster: ClusterRanges,
  at: string,
): void {
  const code = expect.code ?? (verb.startsWith("create") ? 201 : 200);
  assert.equal(
    answer.code,
    code,
    `${at}: ${answer.error?.message ?? JSON.stringify(answer.object)}`,
  );
  if (code === 422) assert.equal(answer.error?.status.reason, "Invalid");
  if (expect.reason !== undefined) assert.equal(answer.error?.status.reason, expect.reason);
  assertCauses(answer.error, expect.errors ?? [], at);
  if (expect.spec !== undefined) assertSubset(answer.object?.spec, expect.spec, `${at} spec`);
  const root = answer.object;
  for (const path of expect.absent ?? []) {
    const value = path.startsWith("status.") ? valueAt(root, path) : valueAt(root?.spec, path);
    const isEmpty =
      value === undefined ||
      value === 0 ||
      value === "" ||
      (Array.isArray(value) && value.length === 0);
    assert.ok(isEmpty, `${at}: ${path} is ${JSON.stringify(value)}`);
  }
  for (const [path, property] of Object.entries(expect.kinds ?? {})) {
    const value = valueAt(root?.spec, path);
    assert.ok(
      hasProperty(value, property, root?.spec, cluster),
      `${at}: ${path} is ${JSON.stringify(value)}, not ${property}`,
    );
  }
}

function assertSubset(actual: unknown, expected: unknown, at: string): void {
  if (Array.isArray(expected)) {
    assert.ok(
      Array.isArray(actual) && actual.length === expected.length,
      `${at}: ${JSON.stringify(actual)}`,
    );
    for (const [index, item] of expected.entries())
      assertSubset(actual[index], item, `${at}[${index}]`);
  } else if (typeof expected === "object" && expected !== null) {
    for (const [key, item] of Object.entries(expected))
      assertSubset(valueAt(actual, key), item, `${at}.${key}`);
  } else {
    assert.equal(actual, expected, at);
  }
}

function hasProperty(
  value: unknown,
  property: string,
  spec: unknown,
  cluster: ClusterRanges,
): boolean {
  const [word, path = ""] = property.split(":");
  switch (word) {
    case "ip-in-primary-range":
      return typeof value === "string" && isUsable(value, cluster.serviceCIDRs[0]!);
    case "ipv6-in-range":
      return (
        typeof value === "string" &&
        cluster.serviceCIDRs.some((range) => range.includes(":") && isUsable(value, range))
      );
    case "same-as-clusterIP":
      return JSON.stringify(value) === JSON.stringify([valueAt(spec, "clusterIP")]);
    case "two-one-per-family": {
      const families = valueAt(spec, "ipFamilies");
      return (
        Array.isArray(value) &&
        value.length === 2 &&
        JSON.stringify(value.map((ip) => familyOf(String(ip)))) === JSON.stringify(families)
      );
    }
    case "nodeport-any":
      return typeof value === "number" && value >= 30000 && value <= 32767;
    case "nodeport-dynamic-band":
      return typeof value === "number" && value >= 30086 && value <= 32767;
    case "same-as":
      return value === valueAt(spec, path);
    case "differs":
      return value !== valueAt(spec, path);
    default:
      throw new TypeError(`Unknown property ${property}`);
  }
}

function isUsable(text: string, range: string): boolean {
  const cidr = parseCidr(range)!;
  const address = parseIp(text);
  if (address === undefined || !cidrContains(cidr, address) || address.value === cidr.base)
    return false;
  return cidr.family === "IPv6" || address.value !== cidrAddress(cidr, cidrSize(cidr) - 1n)!.value;
}
