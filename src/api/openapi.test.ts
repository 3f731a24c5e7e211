import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject } from "./conform.ts";
import { groupVersions } from "./discovery.ts";
import { kinds } from "./kinds.ts";
import { openApiDocument, openApiIndex, openApiV2Document, openApiV2Protobuf } from "./openapi.ts";

/** Follows names and indices into a document. */
function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((here, name) => {
    if (Array.isArray(here)) return here[Number(name)];
    return isJsonObject(here) ? here[name] : undefined;
  }, value);
}

function documentOf(name: string): unknown {
  const document = openApiDocument(name);
  assert.ok(document !== undefined, name);
  return JSON.parse(Buffer.from(document.json()).toString());
}

const core = documentOf("api/v1");
const apps = documentOf("apis/apps/v1");

test("the index names every served group version, by a URL that changes with the content", () => {
  const paths = at(openApiIndex(), "paths");
  assert.ok(isJsonObject(paths));
  assert.equal(Object.keys(paths).length, groupVersions.length);
  const hash = openApiDocument("apis/apps/v1")?.hash;
  assert.deepEqual(paths["apis/apps/v1"], {
    serverRelativeURL: `/openapi/v3/apis/apps/v1?hash=${hash}`,
  });
  assert.equal(openApiDocument("apis/batch/v1"), undefined);
});

test("every kind can be patched with fieldValidation: kubectl looks for this before it writes", () => {
  for (const { group, version, kind, plural, namespaced } of kinds) {
    const root = group === "" ? `api/${version}` : `apis/${group}/${version}`;
    const path = `/${root}${namespaced ? "/namespaces/{namespace}" : ""}/${plural}/{name}`;
    const patch = at(documentOf(root), "paths", path, "patch");
    assert.deepEqual(at(patch, "x-kubernetes-group-version-kind"), { group, version, kind });
    const parameters = at(patch, "parameters");
    assert.ok(Array.isArray(parameters));
    const names: unknown[] = parameters.map((parameter) => at(parameter, "name"));
    assert.ok(names.includes("fieldValidation") && names.includes("dryRun"), kind);
  }
});

test("the schema of a Service says how its ports merge", () => {
  const ports = at(
    core,
    "components",
    "schemas",
    "io.k8s.api.core.v1.ServiceSpec",
    "properties",
    "ports",
  );
  const { description, ...rest } = isJsonObject(ports) ? ports : {};
  assert.ok(description);
  assert.deepEqual(rest, {
    type: "array",
    items: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.ServicePort" }] },
    "x-kubernetes-patch-strategy": "merge",
    "x-kubernetes-patch-merge-key": "port",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["port", "protocol"],
  });
  assert.deepEqual(
    at(
      core,
      "components",
      "schemas",
      "io.k8s.api.core.v1.Service",
      "x-kubernetes-group-version-kind",
    ),
    [{ group: "", version: "v1", kind: "Service" }],
  );
});

test("scale speaks of autoscaling/v1, and status of the kind itself", () => {
  const item = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}";
  assert.deepEqual(at(apps, "paths", `${item}/scale`, "put", "x-kubernetes-group-version-kind"), {
    group: "autoscaling",
    version: "v1",
    kind: "Scale",
  });
  assert.deepEqual(
    at(apps, "paths", `${item}/status`, "patch", "x-kubernetes-group-version-kind"),
    {
      group: "apps",
      version: "v1",
      kind: "Deployment",
    },
  );
});

test("every reference of a document leads somewhere, and no operation bears another's name", () => {
  for (const groupVersion of groupVersions) {
    const name = groupVersion.includes("/") ? `apis/${groupVersion}` : `api/${groupVersion}`;
    const document = documentOf(name);
    const text = JSON.stringify(document);
    const known = at(document, "components", "schemas");
    assert.ok(isJsonObject(known));
    for (const [, target = ""] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      assert.ok(target in known, target);
    }
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, name);
  }
});

test("version 2 as protobuf is the smallest document that can be read", () => {
  assert.equal(openApiV2Protobuf.length, 15);
});

test("version 2 as JSON holds all paths and definitions", () => {
  const document: unknown = JSON.parse(Buffer.from(openApiV2Document().json()).toString());
  assert.equal(at(document, "swagger"), "2.0");
  assert.ok(at(document, "definitions", "io.k8s.api.core.v1.Service"));
  const post = at(document, "paths", "/api/v1/namespaces/{namespace}/services", "post");
  const parameters = at(post, "parameters");
  assert.ok(Array.isArray(parameters));
  assert.deepEqual(parameters.at(-1), {
    name: "body",
    in: "body",
    required: true,
    schema: { $ref: "#/definitions/io.k8s.api.core.v1.Service" },
  });
  assert.ok(!JSON.stringify(document).includes("#/components/"));
});
