import { type Kind, kinds, subresourceOf, type Verb, virtualKinds } from "./kinds.ts";

/** Versions of the aggregated form: kubectl up to 1.29 knows only the beta. */
export type AggregatedVersion = "v2" | "v2beta1";

/** One group with its only version, in the order in which a short name is looked up: core first. */
interface Group {
  readonly group: string;
  readonly version: string;
  readonly kinds: readonly Kind[];
}

const groups: readonly Group[] = [...Map.groupBy([...kinds, ...virtualKinds], groupVersionOf)].map(
  ([, members]) => ({
    group: members[0]?.group ?? "",
    version: members[0]?.version ?? "",
    kinds: members.toSorted((a, b) => (a.plural < b.plural ? -1 : 1)),
  }),
);

/** `v1`, `apps/v1`… of everything that is served. */
export const groupVersions: readonly string[] = groups.map(groupVersionOf);

/**
 * All resources of `/api` (core) or `/apis` (the rest) in one answer. Its Content-Type has to repeat group,
 * version and `as` of the Accept that it answers.
 */
export function aggregatedDiscovery(root: "api" | "apis", version: AggregatedVersion) {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups
      .filter(({ group }) => (group === "") === (root === "api"))
      .map((served) => ({
        metadata: { name: served.group, creationTimestamp: null },
        versions: [
          {
            version: served.version,
            resources: served.kinds.map(resourceDiscovery),
            freshness: "Current",
          },
        ],
      })),
  };
}

function resourceDiscovery(kind: Kind) {
  const subresources = kind.subresources.flatMap((name) => {
    const sub = subresourceOf(kind, name);
    return sub === undefined
      ? []
      : [{ subresource: name, responseKind: identityOf(sub), verbs: sub.verbs }];
  });
  return {
    resource: kind.plural,
    responseKind: identityOf(kind),
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...namesOf(kind),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

interface Identity {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function identityOf({ group, version, kind }: Identity): Identity {
  return { group, version, kind };
}

function namesOf({ shortNames, categories }: Kind) {
  return {
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
}

/** `GET /api` without aggregation. `serverAddress` is host and port under which clients reach the server. */
export function apiVersions(serverAddress: string) {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

/** `GET /apis` without aggregation. */
export function apiGroupList() {
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groups.filter(({ group }) => group !== "").map(groupEntry),
  };
}

/** `GET /apis/GROUP`; undefined for a group that is not served. */
export function apiGroup(name: string) {
  const served = groups.find(({ group }) => group === name && group !== "");
  return served && { kind: "APIGroup", apiVersion: "v1", ...groupEntry(served) };
}

function groupEntry(served: Group) {
  const entry = { groupVersion: groupVersionOf(served), version: served.version };
  return { name: served.group, versions: [entry], preferredVersion: entry };
}

interface ApiResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly Verb[];
  readonly group?: string;
  readonly version?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** `GET /api/v1` or `GET /apis/GROUP/VERSION`; undefined for what is not served. */
export function apiResourceList(group: string, version: string) {
  const served = groups.find((one) => one.group === group && one.version === version);
  if (served === undefined) return undefined;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: groupVersionOf(served),
    resources: served.kinds.flatMap(apiResources),
  };
}

function apiResources(kind: Kind): ApiResource[] {
  const own: ApiResource = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...namesOf(kind),
  };
  const below = kind.subresources.flatMap((name): ApiResource[] => {
    const sub = subresourceOf(kind, name);
    if (sub === undefined) return [];
    const isForeign = sub.group !== kind.group || sub.version !== kind.version;
    return [
      {
        name: `${kind.plural}/${name}`,
        singularName: "",
        namespaced: kind.namespaced,
        // kubectl drain evicts only when the entry says that the body is of group policy.
        ...(isForeign ? { group: sub.group, version: sub.version } : {}),
        kind: sub.kind,
        verbs: sub.verbs,
      },
    ];
  });
  return [own, ...below];
}

function groupVersionOf({ group, version }: { group: string; version: string }): string {
  return group === "" ? version : `${group}/${version}`;
}
