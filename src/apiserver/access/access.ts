import type { Identity } from "../identity.ts";
import type { ResourceTarget } from "../request-target.ts";
import { isReferable, type Referable } from "./pod-references.ts";
import { type Role, roles } from "./roles.ts";

/** What somebody wants to do: to a resource, or at a path that is none. */
export type Access =
  | {
      readonly type: "resource";
      /** Kubernetes' word: get, list, watch, create, update, patch, delete, deletecollection. */
      readonly verb: string;
      readonly group: string;
      readonly plural: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
    }
  | { readonly type: "path"; readonly verb: string; readonly path: string };

/** Looks up what node restrictions depend on. */
export interface AccessFacts {
  /** The node that a pod is bound to, "" for none; undefined for a pod that is not there. */
  nodeOfPod(namespace: string, name: string): string | undefined;
  /** Whether a pod that is bound to the node names this object of its namespace. */
  nodeUses(
    node: string,
    object: {
      readonly plural: Referable;
      readonly namespace: string;
      readonly name: string;
    },
  ): boolean;
}

/** Whether the built-in roles allow it. What no role allows is forbidden. */
export function isAllowed(identity: Identity, access: Access, facts: AccessFacts): boolean {
  return rolesOf(identity).some((role) => roleAllows(role, identity, access, facts));
}

export function rolesOf({ user, groups }: Identity): readonly Role[] {
  return roles.filter(
    ({ subjects }) =>
      (subjects.users ?? []).includes(user) ||
      (subjects.groups ?? []).some((group) => groups.includes(group)),
  );
}

function roleAllows(role: Role, identity: Identity, access: Access, facts: AccessFacts): boolean {
  if (access.type === "path") {
    return (role.paths ?? []).some(
      ({ verbs, paths }) =>
        has(verbs, access.verb) && paths.some((one) => covers(one, access.path)),
    );
  }
  const { plural, subresource, name, namespace } = access;
  const resource = subresource === "" ? plural : `${plural}/${subresource}`;
  return (role.rules ?? []).some(
    (rule) =>
      has(rule.verbs, access.verb) &&
      has(rule.groups, access.group) &&
      has(rule.resources, resource) &&
      (rule.namespaces === undefined || rule.namespaces.includes(namespace)) &&
      (rule.own === undefined || isOwn(rule.own, { identity, plural, namespace, name, facts })),
  );
}

function isOwn(
  own: "name" | "pod" | "used",
  about: {
    readonly identity: Identity;
    readonly plural: string;
    readonly namespace: string;
    readonly name: string;
    readonly facts: AccessFacts;
  },
): boolean {
  const node = nodeNameOf(about.identity);
  if (node === undefined) return false;
  // A creation has no name in its path; the handler's own check sees to it.
  if (own === "name") return about.name === "" || about.name === node;
  if (own === "used") {
    const { facts, plural, namespace, name } = about;
    return isReferable(plural) && facts.nodeUses(node, { plural, namespace, name });
  }
  const bound = about.facts.nodeOfPod(about.namespace, about.name);
  // Whoever comes late for a pod that has gone is told so, as in Kubernetes, and not that it may not.
  return bound === undefined || bound === node;
}

const nodePrefix = "system:node:";

/** The node that an identity is; undefined for everyone else. */
export function nodeNameOf({ user }: Identity): string | undefined {
  return user.startsWith(nodePrefix) ? user.slice(nodePrefix.length) : undefined;
}

function has(list: readonly string[], word: string): boolean {
  return list.includes("*") || list.includes(word);
}

function covers(pattern: string, path: string): boolean {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}

/** Why not, in Kubernetes' words. */
export function refusalText({ user }: Identity, access: Access): string {
  const who = `User ${JSON.stringify(user)} cannot ${access.verb}`;
  if (access.type === "path") return `${who} path ${JSON.stringify(access.path)}`;
  const { plural, subresource, group, namespace } = access;
  const resource = subresource === "" ? plural : `${plural}/${subresource}`;
  const where =
    namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}`;
}

/** Kubernetes' verb for a request to a resource. */
export function verbOf(
  method: string,
  target: ResourceTarget,
  isWatch: boolean,
): string | undefined {
  const isOne = target.name !== undefined;
  switch (method) {
    case "GET":
    case "HEAD":
      if (isWatch) return "watch";
      return isOne ? "get" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return isOne ? "delete" : "deletecollection";
    default:
      return undefined;
  }
}
