import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import type { Pod, Service } from "../../src/api/types.ts";
import { containerEnvironment } from "../../src/node/environment/container-environment.ts";
import { serviceVariables } from "../../src/node/environment/service-variables.ts";
import { podHostname, renderHostsFile } from "../../src/node/files/hosts.ts";
import {
  type NodeResolver,
  podResolver,
  type ResolverConfig,
} from "../../src/node/files/resolver.ts";
import type { Container, EnvVar, PodSpec } from "../../src/node/pod-types.ts";

interface EnvironmentCase {
  readonly id: string;
  readonly title: string;
  readonly services: readonly ServiceFacts[];
  readonly pod?: PodFacts;
  readonly expect: { readonly env: Record<string, string>; readonly absent?: readonly string[] };
}

interface ServiceFacts {
  readonly name: string;
  readonly namespace: string;
  readonly clusterIP?: string;
  readonly ports: NonNullable<NonNullable<Service["spec"]>["ports"]>;
  readonly createdAfterContainer?: boolean;
}

interface PodFacts {
  readonly name?: string;
  readonly namespace?: string;
  readonly nodeName?: string;
  readonly hostIP?: string;
  readonly podIPs?: readonly string[];
  readonly enableServiceLinks?: boolean;
  readonly envFrom?: { readonly configMap: Record<string, string> };
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly fieldPath?: string;
  }[];
  readonly hostNetwork?: boolean;
  readonly hostname?: string;
  readonly subdomain?: string;
  readonly dnsPolicy?: string;
  readonly dnsConfig?: NonNullable<PodSpec["dnsConfig"]>;
  readonly hostAliases?: NonNullable<PodSpec["hostAliases"]>;
}

interface NodeFacts {
  readonly clusterDNS: readonly string[];
  readonly clusterDomain: string;
  readonly host: ResolverConfig;
}

interface CaseFile {
  readonly env: readonly EnvironmentCase[];
  readonly nodeDefaults: NodeFacts;
  readonly resolver: readonly {
    readonly id: string;
    readonly title: string;
    readonly node?: Partial<NodeFacts>;
    readonly pod: PodFacts;
    readonly expect: ResolverConfig & { readonly event?: string };
  }[];
  readonly hosts: readonly {
    readonly id: string;
    readonly title: string;
    readonly pod: PodFacts;
    readonly expect: {
      readonly lines: readonly string[];
      readonly hostname?: string;
      readonly startsWithNodeFile?: boolean;
    };
  }[];
}

const file: CaseFile = parse(
  readFileSync(join(import.meta.dirname, "cases/environment.yaml"), "utf8"),
);

function podOf(facts: PodFacts): Pod {
  const { name = "p", namespace = "shop", envFrom, env, podIPs, hostIP, ...spec } = facts;
  return {
    metadata: { name, namespace, uid: "1" },
    spec: { containers: [], ...spec },
  };
}

function containerOf(facts: PodFacts): Container {
  const env = (facts.env ?? []).map(
    ({ name, value, fieldPath }): EnvVar =>
      fieldPath === undefined
        ? { name, value: value ?? "" }
        : { name, valueFrom: { fieldRef: { fieldPath } } },
  );
  const envFrom = facts.envFrom === undefined ? [] : [{ configMapRef: { name: "map" } }];
  return { name: "main", env, envFrom };
}

for (const { id, title, services, pod: facts = {}, expect } of file.env) {
  test(`environment: ${title} (${id})`, () => {
    const pod = podOf(facts);
    const found = serviceVariables({
      services: services.filter((s) => s.createdAfterContainer !== true).map(serviceOf),
      namespace: pod.metadata.namespace ?? "",
      enableServiceLinks: pod.spec?.enableServiceLinks ?? true,
    });
    const result = containerEnvironment({
      container: containerOf(facts),
      serviceVariables: found,
      facts: {
        pod,
        podIps: facts.podIPs ?? [],
        hostIps: facts.hostIP === undefined ? [] : [facts.hostIP],
        allocatable: {},
      },
      sources: {
        configMap: () => ({ metadata: { name: "map" }, data: facts.envFrom?.configMap ?? {} }),
        secret: () => undefined,
      },
    });
    assert.equal(result.type, "environment");
    const variables = Object.fromEntries(result.variables);
    const isComplete = Object.keys(facts).every(
      (k) => k === "enableServiceLinks" || k === "namespace",
    );
    if (isComplete) assert.deepEqual(variables, expect.env);
    else assert.deepEqual({ ...variables, ...expect.env }, variables);
    for (const name of expect.absent ?? []) assert.ok(!(name in variables), name);
  });
}

function serviceOf({ name, namespace, clusterIP, ports }: ServiceFacts): Service {
  return {
    metadata: { name, namespace },
    spec: { ports, ...(clusterIP === undefined ? {} : { clusterIP }) },
  };
}

for (const { id, title, node = {}, pod, expect } of file.resolver) {
  test(`resolver file: ${title} (${id})`, () => {
    const facts = { ...file.nodeDefaults, ...node };
    const resolver: NodeResolver = {
      host: facts.host,
      clusterDns: facts.clusterDNS,
      clusterDomain: facts.clusterDomain,
    };
    const { config, warnings } = podResolver(podOf(pod), resolver);
    assert.deepEqual(config.nameservers, expect.nameservers);
    const namespace = podOf(pod).metadata.namespace;
    assert.deepEqual(
      config.searches,
      expect.searches.map((path) => path.replace(/^shop\./, `${namespace}.`)),
    );
    assert.deepEqual([...config.options].sort(), [...expect.options].sort());
    assert.deepEqual(
      warnings.map(({ reason }) => reason),
      expect.event === undefined ? [] : [expect.event],
    );
  });
}

for (const { id, title, pod: facts, expect } of file.hosts) {
  test(`hosts file: ${title} (${id})`, () => {
    const pod = podOf(facts);
    const nodeFile = "127.0.0.1 localhost node-a\n192.168.0.1 node-a\n";
    const text = renderHostsFile({
      pod,
      podIps: facts.podIPs ?? [],
      clusterDomain: "cluster.local",
      nodeFile,
    });
    const lines = text.split("\n").map((line) => line.trim().replace(/\s+/g, " "));
    let from = 0;
    for (const line of expect.lines) {
      const at = lines.indexOf(line, from);
      assert.ok(at >= 0, `${line} is missing in\n${text}`);
      from = at + 1;
    }
    if (expect.startsWithNodeFile === true) assert.ok(text.startsWith(nodeFile));
    if (expect.hostname !== undefined) {
      assert.equal(podHostname(pod, "cluster.local").hostname, expect.hostname);
    }
  });
}
