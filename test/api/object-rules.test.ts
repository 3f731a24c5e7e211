import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { decodeObject } from "../../src/api/decode.ts";
import { withDefaults } from "../../src/api/defaults.ts";
import { type Kind, kinds } from "../../src/api/kinds.ts";
import { apiVersionOf } from "../../src/api/resource.ts";
import { strategyFor } from "../../src/api/strategy.ts";
import type { KubeObject } from "../../src/api/types.ts";

interface Change {
  readonly spec?: object;
  readonly container?: object;
  readonly object?: object;
}

interface Row extends Change {
  readonly name: string;
  readonly old?: Change;
  readonly subresource?: string;
  readonly want: readonly string[];
}

const path = join(import.meta.dirname, "cases", "object-rules.yaml");
const rules = parse(readFileSync(path, "utf8")) as Readonly<Record<string, readonly Row[]>>;

const labels = { app: "web" };
const workload = (container: object) => ({
  selector: { matchLabels: labels },
  template: { metadata: { labels }, spec: { containers: [container] } },
});

/** What each row changes a little: an object without mistakes. */
function base(kind: string, { spec, container, object }: Change): object {
  const own = { name: "c", image: "nginx", ...container };
  const baseSpec =
    kind === "Pod"
      ? { spec: { containers: [own], ...spec } }
      : ["Deployment", "ReplicaSet", "StatefulSet"].includes(kind)
        ? { spec: { ...workload(own), ...spec } }
        : spec === undefined
          ? {}
          : { spec };
  return { metadata: { name: "a" }, ...baseSpec, ...object };
}

function decoded(kind: Kind, change: Change): KubeObject {
  const whole = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...base(kind.kind, change) };
  const body = Buffer.from(JSON.stringify(whole));
  const { object } = decodeObject(kind, body, "application/json", { fieldValidation: "Strict" });
  const metadata = {
    ...object.metadata,
    ...(kind.namespaced ? { namespace: "default" } : {}),
    uid: "u",
    creationTimestamp: "2026-01-01T00:00:00Z",
  };
  return withDefaults(kind, { ...object, metadata });
}

function mistakes(kind: Kind, row: Row): string[] {
  const strategy = strategyFor(kind);
  const next = decoded(kind, row);
  const { old: oldChange, subresource } = row;
  const old = oldChange === undefined ? undefined : decoded(kind, oldChange);
  const errors =
    old === undefined
      ? strategy.validateCreate(strategy.prepareForCreate(next))
      : strategy.validateUpdate(
          strategy.prepareForUpdate(next, old, subresource),
          old,
          subresource,
        );
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

for (const [name, rows] of Object.entries(rules)) {
  const kind = kinds.find((one) => one.kind === name)!;
  for (const row of rows) {
    test(`${name}: ${row.name}`, () => {
      const got = mistakes(kind, row).map((text, index) => {
        const [head, tail] = row.want[index]?.split("...") ?? [];
        return tail === "" && text.startsWith(head ?? "") ? row.want[index] : text;
      });
      assert.deepEqual(got, row.want);
    });
  }
}
