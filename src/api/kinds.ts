import * as r from "./resource.ts";
import { schemaOf } from "./schema/registry.ts";
import type { ObjectSchema } from "./schema/schema.ts";
import type * as k from "./types.ts";

/** What may be done with a resource, in discovery's words. */
export type Verb =
  | "create"
  | "delete"
  | "deletecollection"
  | "get"
  | "list"
  | "patch"
  | "update"
  | "watch";

/** What a body is to be decoded as. */
export interface BodyType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: ObjectSchema;
}

/** Everything the API needs to know about one kind. */
export interface Kind extends r.Resource, BodyType {
  /** The name in discovery and in error messages about one object: `service`. */
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  /** Names of the sub-resources, such as `status`; details from `subresourceOf`. */
  readonly subresources: readonly string[];
  /** What everyone hears who uses a kind that is on its way out. */
  readonly deprecation?: string;
}

/** A path below an object: what its body is, and what may be done with it. */
export interface Subresource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly Verb[];
}

const allVerbs: readonly Verb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

interface Traits {
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs?: readonly Verb[];
  readonly subresources?: readonly string[];
  readonly deprecation?: string;
}

function kindOf(table: string, resource: r.Resource, traits: Traits = {}): Kind {
  const singular = resource.kind.toLowerCase();
  return {
    ...resource,
    singular,
    listKind: `${resource.kind}List`,
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    subresources: [],
    schema: schemaOf(`${table}.${resource.kind}`),
    ...traits,
  };
}

/** The kinds that are stored, in the order of discovery. */
export const kinds: readonly Kind[] = [
  kindOf("core", r.configMaps, { shortNames: ["cm"] }),
  kindOf("core", r.endpoints, {
    shortNames: ["ep"],
    deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  }),
  kindOf("core", r.events, { shortNames: ["ev"] }),
  kindOf("core", r.namespaces, {
    shortNames: ["ns"],
    verbs: allVerbs.filter((verb) => verb !== "deletecollection"),
    subresources: ["finalize", "status"],
  }),
  kindOf("core", r.nodes, { shortNames: ["no"], subresources: ["status"] }),
  kindOf("core", r.pods, {
    shortNames: ["po"],
    categories: ["all"],
    subresources: ["attach", "binding", "eviction", "exec", "log", "portforward", "status"],
  }),
  kindOf("core", r.secrets),
  kindOf("core", r.serviceAccounts, { shortNames: ["sa"] }),
  kindOf("core", r.services, {
    shortNames: ["svc"],
    categories: ["all"],
    subresources: ["status"],
  }),
  kindOf("apps", r.controllerRevisions),
  kindOf("apps", r.deployments, {
    shortNames: ["deploy"],
    categories: ["all"],
    subresources: ["scale", "status"],
  }),
  kindOf("apps", r.replicaSets, {
    shortNames: ["rs"],
    categories: ["all"],
    subresources: ["scale", "status"],
  }),
  kindOf("apps", r.statefulSets, {
    shortNames: ["sts"],
    categories: ["all"],
    subresources: ["scale", "status"],
  }),
  kindOf("coordination", r.leases),
  kindOf("discovery", r.endpointSlices),
];

const onlyCreate = { verbs: ["create"] } as const;
const authorization = { group: "authorization.k8s.io", version: "v1" } as const;
const authentication = { group: "authentication.k8s.io", version: "v1" } as const;

/** Kinds that are asked and answered and never stored: the only verb is `create`. */
export const virtualKinds: readonly Kind[] = [
  kindOf(
    "core",
    { group: "", version: "v1", kind: "Binding", plural: "bindings", namespaced: true },
    onlyCreate,
  ),
  kindOf(
    "authentication",
    {
      ...authentication,
      kind: "SelfSubjectReview",
      plural: "selfsubjectreviews",
      namespaced: false,
    },
    onlyCreate,
  ),
  kindOf(
    "authentication",
    { ...authentication, kind: "TokenReview", plural: "tokenreviews", namespaced: false },
    onlyCreate,
  ),
  kindOf(
    "authorization",
    {
      ...authorization,
      kind: "LocalSubjectAccessReview",
      plural: "localsubjectaccessreviews",
      namespaced: true,
    },
    onlyCreate,
  ),
  kindOf(
    "authorization",
    {
      ...authorization,
      kind: "SelfSubjectAccessReview",
      plural: "selfsubjectaccessreviews",
      namespaced: false,
    },
    onlyCreate,
  ),
  kindOf(
    "authorization",
    {
      ...authorization,
      kind: "SelfSubjectRulesReview",
      plural: "selfsubjectrulesreviews",
      namespaced: false,
    },
    onlyCreate,
  ),
  kindOf(
    "authorization",
    {
      ...authorization,
      kind: "SubjectAccessReview",
      plural: "subjectaccessreviews",
      namespaced: false,
    },
    onlyCreate,
  ),
];

function byPath(list: readonly Kind[]): ReadonlyMap<string, Kind> {
  return new Map(list.map((kind) => [`${kind.group}/${kind.version}/${kind.plural}`, kind]));
}

const kindsByPath = byPath(kinds);
const virtualKindsByPath = byPath(virtualKinds);

/** The stored kind at a path; undefined where there is none. */
export function kindFor(group: string, version: string, plural: string): Kind | undefined {
  return kindsByPath.get(`${group}/${version}/${plural}`);
}

/** The kind at a path that is answered and not stored; undefined where there is none. */
export function virtualKindFor(group: string, version: string, plural: string): Kind | undefined {
  return virtualKindsByPath.get(`${group}/${version}/${plural}`);
}

/** The schema side of a resource, which must be of a stored kind. */
export function kindOfResource(resource: r.Resource): Kind {
  const kind = kindFor(resource.group, resource.version, resource.plural);
  if (kind === undefined)
    throw new RangeError(`No kind ${r.apiVersionOf(resource)} ${resource.plural}`);
  return kind;
}

const coreV1 = { group: "", version: "v1" } as const;
const autoscalingV1 = { group: "autoscaling", version: "v1" } as const;
const policyV1 = { group: "policy", version: "v1" } as const;

/** What a sub-resource takes and gives; undefined for one that the kind doesn't have. */
export function subresourceOf(kind: Kind, name: string): Subresource | undefined {
  if (!kind.subresources.includes(name)) return undefined;
  switch (name) {
    case "scale":
      return { ...autoscalingV1, kind: "Scale", verbs: ["get", "patch", "update"] };
    case "binding":
      return { ...coreV1, kind: "Binding", verbs: ["create"] };
    case "eviction":
      return { ...policyV1, kind: "Eviction", verbs: ["create"] };
    case "attach":
      return { ...coreV1, kind: "PodAttachOptions", verbs: ["create", "get"] };
    case "portforward":
      return { ...coreV1, kind: "PodPortForwardOptions", verbs: ["create", "get"] };
    case "exec":
      return { ...coreV1, kind: "PodExecOptions", verbs: ["create", "get"] };
    case "log":
      return { ...coreV1, kind: "Pod", verbs: ["get"] };
    case "finalize":
      return { ...coreV1, kind: kind.kind, verbs: ["update"] };
    default:
      return {
        group: kind.group,
        version: kind.version,
        kind: kind.kind,
        verbs: ["get", "patch", "update"],
      };
  }
}

/** The bodies that are no stored objects, by kind. */
export interface BodyOf {
  readonly Binding: k.Binding;
  readonly DeleteOptions: k.DeleteOptions;
  readonly Eviction: k.Eviction;
  readonly Scale: k.Scale;
  readonly LocalSubjectAccessReview: k.LocalSubjectAccessReview;
  readonly SelfSubjectAccessReview: k.SelfSubjectAccessReview;
  readonly SelfSubjectReview: k.SelfSubjectReview;
  readonly SelfSubjectRulesReview: k.SelfSubjectRulesReview;
  readonly SubjectAccessReview: k.SubjectAccessReview;
  readonly TokenReview: k.TokenReview;
}

/** The kind of such a body. */
export type BodyName = keyof BodyOf;

/** Their schemas, for `decodeMeta`, and for patches of `scale`. */
export const bodyTypes: Readonly<Record<BodyName, BodyType>> = {
  Binding: { ...coreV1, kind: "Binding", schema: schemaOf("core.Binding") },
  DeleteOptions: { ...coreV1, kind: "DeleteOptions", schema: schemaOf("meta.DeleteOptions") },
  Eviction: { ...policyV1, kind: "Eviction", schema: schemaOf("policy.Eviction") },
  Scale: { ...autoscalingV1, kind: "Scale", schema: schemaOf("autoscaling.Scale") },
  LocalSubjectAccessReview: reviewType("authorization", "LocalSubjectAccessReview"),
  SelfSubjectAccessReview: reviewType("authorization", "SelfSubjectAccessReview"),
  SelfSubjectReview: reviewType("authentication", "SelfSubjectReview"),
  SelfSubjectRulesReview: reviewType("authorization", "SelfSubjectRulesReview"),
  SubjectAccessReview: reviewType("authorization", "SubjectAccessReview"),
  TokenReview: reviewType("authentication", "TokenReview"),
};

function reviewType(table: "authorization" | "authentication", kind: string): BodyType {
  return { group: `${table}.k8s.io`, version: "v1", kind, schema: schemaOf(`${table}.${kind}`) };
}
