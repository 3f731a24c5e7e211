import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTarget, type RequestTarget } from "./request-target.ts";

interface Case {
  readonly path: string;
  /** group/version plural namespace name subresource, `-` for what is absent; undefined for a path that is no resource. */
  readonly want: string | undefined;
}

const cases: readonly Case[] = [
  { path: "/api/v1/pods", want: "/v1 pods - - -" },
  { path: "/api/v1/namespaces/a/pods", want: "/v1 pods a - -" },
  { path: "/api/v1/namespaces/a/pods/b", want: "/v1 pods a b -" },
  { path: "/api/v1/namespaces/a/pods/b/log", want: "/v1 pods a b log" },
  { path: "/api/v1/namespaces", want: "/v1 namespaces - - -" },
  { path: "/api/v1/namespaces/a", want: "/v1 namespaces a a -" },
  { path: "/api/v1/namespaces/a/finalize", want: "/v1 namespaces a a finalize" },
  { path: "/api/v1/nodes/n/status", want: "/v1 nodes - n status" },
  { path: "/apis/apps/v1/namespaces/a/deployments/d/scale", want: "apps/v1 deployments a d scale" },
  { path: "/api/v1/namespaces/a/pods/b%2Fc", want: "/v1 pods a b/c -" },
  { path: "/api/v1/namespaces/a/pods/b/log/", want: "/v1 pods a b log" },
  { path: "/api/v1", want: undefined },
  { path: "/apis/apps/v1", want: undefined },
  { path: "/version", want: undefined },
  { path: "/", want: undefined },
  { path: "/api/v1/namespaces/a/pods/b/proxy/x", want: undefined },
];

function show(target: RequestTarget): string | undefined {
  if (target.type === "path") return undefined;
  const { group, version, plural, namespace, name, subresource } = target;
  return `${group}/${version} ${plural} ${namespace ?? "-"} ${name ?? "-"} ${subresource ?? "-"}`;
}

for (const { path, want } of cases) {
  test(`parseTarget: ${path} is ${want ?? "no resource"}`, () => {
    assert.equal(show(parseTarget(path)), want);
  });
}
