import { type Kind, kindFor, virtualKindFor } from "../api/kinds.ts";
import { leases, nodes } from "../api/resource.ts";
import { type AccessFacts, nodeNameOf } from "./access/access.ts";
import { allow } from "./access/allow.ts";
import {
  reviewAccess,
  reviewOwnAccess,
  reviewRules,
  reviewSelf,
  reviewToken,
} from "./access/reviews.ts";
import { describeApi, describePaths } from "./discovery-handlers.ts";
import type { Answer, Incoming } from "./exchange.ts";
import { answerHealth, answerVersion, type HealthCheck } from "./health.ts";
import { metricsAnswer } from "./metrics.ts";
import type { NodeTunnel } from "./node-tunnel.ts";
import { get } from "./read/get.ts";
import { list } from "./read/list.ts";
import { wantsWatch } from "./read/read-options.ts";
import { badRequest, forbidden, methodNotAllowed, noSuchPath } from "./refusals.ts";
import type { ResourceTarget } from "./request-target.ts";
import { keyOf } from "./store/object-store.ts";
import { handleBinding } from "./subresources/binding.ts";
import { handleEviction } from "./subresources/eviction.ts";
import { handleScale } from "./subresources/scale.ts";
import { withWarnings } from "./warnings.ts";
import { type WatchContext, watch } from "./watch/watch.ts";
import type { Place, WriteContext } from "./write/write-context.ts";
import {
  handleCreate,
  handleDelete,
  handleDeleteCollection,
  handlePatch,
  handleReplace,
} from "./write/write-handlers.ts";

/** Everything that handlers need. */
export interface RouteContext {
  readonly write: WriteContext;
  readonly watch: WatchContext;
  readonly facts: AccessFacts;
  readonly nodes: NodeTunnel;
  readonly healthChecks: readonly HealthCheck[];
  /** What `/metrics` says. */
  readonly metrics: () => string;
  /** Host and port under which clients reach this server; for discovery. */
  readonly serverAddress: string;
}

/** Finds the handler of a request that is allowed. */
export async function route(context: RouteContext, request: Incoming): Promise<Answer> {
  const { target, method } = request;
  if (target.type === "path") {
    if (method === "HEAD") return headAnswer(context, request);
    if (method !== "GET") throw methodNotAllowed();
    if (request.path === "/") return describePaths(context.healthChecks.map(({ name }) => name));
    if (request.path === "/metrics") return metricsAnswer(context.metrics());
    if (/^\/version\/?$/.test(request.path)) return answerVersion();
    const answer =
      answerHealth(request, context.healthChecks) ?? describeApi(request, context.serverAddress);
    if (answer === undefined) throw noSuchPath();
    return answer;
  }
  const { group, version, plural } = target;
  const virtual = virtualKindFor(group, version, plural);
  if (virtual !== undefined) return routeVirtual(context, virtual, request, target);
  const kind = kindFor(group, version, plural);
  if (kind === undefined) throw noSuchPath();
  const answer = await routeStored(context, kind, request, target);
  return kind.deprecation === undefined ? answer : withWarnings(answer, [kind.deprecation]);
}

function routeStored(
  context: RouteContext,
  kind: Kind,
  request: Incoming,
  target: ResourceTarget,
): Promise<Answer> {
  const place = placeOf(kind, target);
  if (place === undefined) return routeCollection(context, kind, request, target);
  return target.subresource === undefined
    ? routeObject(context, place, request)
    : routeSubresource(context, place, request, target.subresource);
}

/** Load balancers ask so whether a server is well; nothing else has an answer to HEAD. */
function headAnswer({ healthChecks }: RouteContext, request: Incoming): Answer {
  const answer = answerHealth(request, healthChecks);
  if (answer === undefined) throw methodNotAllowed();
  return { status: answer.status, headers: answer.headers, body: [] };
}

export function isWatch({ query, method, target }: Incoming): boolean {
  return (
    method === "GET" && target.type === "resource" && target.name === undefined && wantsWatch(query)
  );
}

/** The object that a path names; undefined for a collection. Throws for a path that no kind has. */
function placeOf(kind: Kind, target: ResourceTarget): Place | undefined {
  const { name } = target;
  const isOwnNamespace =
    kind.group === "" && kind.plural === "namespaces" && target.namespace === name;
  const namespace = isOwnNamespace ? undefined : target.namespace;
  if (!kind.namespaced && namespace !== undefined) throw noSuchPath();
  if (name === undefined) return undefined;
  if (kind.namespaced && namespace === undefined) throw noSuchPath();
  return { kind, namespace, name, key: keyOf(namespace, name) };
}

function routeCollection(
  context: RouteContext,
  kind: Kind,
  request: Incoming,
  { namespace }: ResourceTarget,
): Promise<Answer> {
  const { clock, store } = context.write;
  const isInPlace = !kind.namespaced || namespace !== undefined;
  switch (request.method) {
    case "GET":
      return isWatch(request)
        ? watch(context.watch, kind, request)
        : list({ store, now: () => clock.now() }, kind, request);
    case "POST":
      if (!isInPlace || !kind.verbs.includes("create")) break;
      return handleCreate(context.write, kind, request, {
        namespace,
        check: (name) => checkNodeOwns(kind, name, request),
      });
    case "DELETE":
      if (!isInPlace || !kind.verbs.includes("deletecollection")) break;
      return handleDeleteCollection(context.write, kind, request, namespace);
  }
  throw methodNotAllowed();
}

function routeObject(context: RouteContext, place: Place, request: Incoming): Promise<Answer> {
  const { clock, store } = context.write;
  switch (request.method) {
    case "GET":
      return get({ store, now: () => clock.now() }, place.kind, place, request);
    case "PUT":
      return handleReplace(context.write, place, request, {
        subresource: undefined,
        checkCreate: () => checkMayCreate(context.facts, place, request),
      });
    case "PATCH":
      return handlePatch(context.write, place, request, undefined);
    case "DELETE":
      return handleDelete(context.write, place, request);
    default:
      throw methodNotAllowed();
  }
}

function routeSubresource(
  context: RouteContext,
  place: Place,
  request: Incoming,
  subresource: string,
): Promise<Answer> {
  if (!place.kind.subresources.includes(subresource)) throw noSuchPath();
  const { clock, store } = context.write;
  switch (subresource) {
    case "scale":
      return handleScale(context.write, place, request);
    case "binding":
      return handleBinding(context.write, place, request);
    case "eviction":
      return handleEviction(context.write, place, request);
    case "log":
      if (request.method !== "GET") throw methodNotAllowed();
      return context.nodes.logs(place, request);
    case "attach":
    case "exec":
    case "portforward":
      throw badRequest("Upgrade request required");
    case "finalize":
      if (request.method !== "PUT") throw methodNotAllowed();
      return handleReplace(context.write, place, request, { subresource });
  }
  switch (request.method) {
    case "GET":
      return get({ store, now: () => clock.now() }, place.kind, place, request);
    case "PUT":
      return handleReplace(context.write, place, request, { subresource });
    case "PATCH":
      return handlePatch(context.write, place, request, subresource);
    default:
      throw methodNotAllowed();
  }
}

async function routeVirtual(
  context: RouteContext,
  kind: Kind,
  request: Incoming,
  { namespace, name }: ResourceTarget,
): Promise<Answer> {
  if (name !== undefined) throw noSuchPath();
  if (request.method !== "POST") throw methodNotAllowed();
  switch (kind.kind) {
    case "SelfSubjectAccessReview":
      return reviewOwnAccess(request, context.facts);
    case "SubjectAccessReview":
      return reviewAccess(request, context.facts);
    case "LocalSubjectAccessReview":
      if (namespace === undefined) throw methodNotAllowed();
      return reviewAccess(request, context.facts, namespace);
    case "TokenReview":
      return reviewToken(request);
    case "SelfSubjectRulesReview":
      return reviewRules(request);
    case "SelfSubjectReview":
      return reviewSelf(request, context.write.clock.now());
    case "Binding":
      if (namespace === undefined) throw methodNotAllowed();
      return handleBinding(context.write, { namespace }, request);
    default:
      throw noSuchPath();
  }
}

/** Who updates what is not there creates it, and must be allowed to do that as well. */
function checkMayCreate(facts: AccessFacts, place: Place, { identity }: Incoming): void {
  const { kind, namespace = "", name } = place;
  const { group, plural } = kind;
  const type = "resource";
  allow(identity, { type, verb: "create", group, plural, subresource: "", namespace, name }, facts);
}

/** A node creates nothing under another node's name. */
function checkNodeOwns(kind: Kind, name: string, { identity }: Incoming): void {
  const node = nodeNameOf(identity);
  if (node === undefined || identity.groups.includes("system:masters") || name === node) return;
  const isOwned = [nodes, leases].some(
    ({ group, plural }) => kind.group === group && kind.plural === plural,
  );
  if (isOwned) {
    throw forbidden(kind, name, `node "${node}" is not allowed to create "${name}"`);
  }
}
