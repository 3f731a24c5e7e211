import { semanticEqual } from "../../api/semantic-equal.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { KubeObject, OwnerReference } from "../../api/types.ts";
import type { Change, Informer } from "../../client/api.ts";
import type { DiscoveredResource, Discovery } from "../../client/discovery.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { describeError } from "../../lib/errors.ts";
import type { ControllerContext } from "../controller.ts";
import { recorderOf, runLoop } from "../controller.ts";
import type { OwnerState } from "./decide.ts";
import { decide, FOREGROUND_FINALIZER, ORPHAN_FINALIZER, waitsWith } from "./decide.ts";
import type { GraphNode } from "./graph.ts";
import { OwnerGraph, ownersOf } from "./graph.ts";

interface Kind {
  readonly resource: DiscoveredResource;
  readonly cache: Informer<KubeObject>;
}

/** Removes objects whose owners are gone, and carries out foreground and orphaning deletes. */
export async function runGarbageCollector(context: ControllerContext): Promise<void> {
  const { api, informers } = context;
  const discovery = await discoverPatiently(context);
  const kinds = new Map<string, Kind>();
  for (const resource of discovery.resources.filter(isCollected)) {
    kinds.set(kindName(resource), { resource, cache: informers.informer<KubeObject>(resource) });
  }
  const graph = new OwnerGraph();
  const recorder = recorderOf(context, "garbage-collector-controller");

  async function work(uid: string): Promise<WorkResult> {
    const node = graph.get(uid);
    const kind = kinds.get(node?.kind ?? "");
    if (node === undefined || kind === undefined) return undefined;
    const { object } = node;
    const states = new Map<string, OwnerState>();
    for (const owner of ownersOf(object)) {
      states.set(owner.uid, await ownerState(kind.resource, object, owner));
    }
    const decision = decide({
      object,
      dependents: graph.dependentsOf(uid),
      stateOf: (owner) => states.get(owner.uid) ?? "present",
    });
    switch (decision.type) {
      case "nothing":
        return undefined;
      case "delete":
        if (decision.unblocks === true) await unblock(kind.resource, object);
        else await remove(kind.resource, object, decision.policy);
        return decision.unblocks === true ? { againAfterMs: 10 } : undefined;
      case "strip":
        await strip(kind.resource, object, decision.uids);
        return undefined;
      case "finish":
        await finish(kind.resource, object, decision.finalizer);
        return undefined;
      case "await":
        wake(decision.dependents);
        return undefined;
      case "orphan":
        for (const dependent of decision.dependents) {
          const resource = kinds.get(dependent.kind)?.resource;
          if (resource !== undefined) await strip(resource, dependent.object, [uid]);
        }
        await finish(kind.resource, object, ORPHAN_FINALIZER);
        return undefined;
    }
  }

  /** The cache answers for owners that are there; only the server can say that one is gone. */
  async function ownerState(
    resource: DiscoveredResource,
    dependent: KubeObject,
    owner: OwnerReference,
  ): Promise<OwnerState> {
    const known = graph.get(owner.uid);
    const kind = kindOfOwner(owner);
    if (kind === undefined) {
      throw new Error(`Cannot look up the owner "${owner.name}": unknown kind ${owner.kind}`);
    }
    const { namespace = "" } = dependent.metadata;
    if (kind.resource.namespaced && !resource.namespaced) {
      tellInvalid(dependent, owner);
      return "present"; // A cluster-scoped object is never deleted for an owner in some namespace.
    }
    const isInReach =
      known !== undefined &&
      known.object.metadata.name === owner.name &&
      (!kind.resource.namespaced || known.object.metadata.namespace === namespace);
    if (known !== undefined && isInReach) {
      return waitsWith(known.object, FOREGROUND_FINALIZER) ? "waiting" : "present";
    }
    if (known !== undefined) tellInvalid(dependent, owner);
    const name = kind.resource.namespaced ? { namespace, name: owner.name } : { name: owner.name };
    try {
      const found = await api.get<KubeObject>(kind.resource, name);
      if (found.metadata.uid !== owner.uid) return "absent";
      return waitsWith(found, FOREGROUND_FINALIZER) ? "waiting" : "present";
    } catch (error) {
      if (isNotFound(error)) return "absent";
      throw error;
    }
  }

  function kindOfOwner({ apiVersion, kind }: OwnerReference): Kind | undefined {
    const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
    return kinds
      .values()
      .find(({ resource }) => resource.group === group && resource.kind === kind);
  }

  function tellInvalid(dependent: KubeObject, { name, uid, kind }: OwnerReference): void {
    const message = `ownerRef [${kind}, name: ${name}, uid: ${uid}] does not exist in namespace "${dependent.metadata.namespace ?? ""}"`;
    recorder.record(dependent, { type: "Warning", reason: "OwnerRefInvalidNamespace", message });
  }

  async function remove(
    resource: DiscoveredResource,
    object: KubeObject,
    propagationPolicy: "Background" | "Foreground" | "Orphan",
  ): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    await ignoringAbsence(
      api.delete(resource, nameOf(object), { propagationPolicy, preconditions }),
    );
  }

  async function strip(
    resource: DiscoveredResource,
    object: KubeObject,
    uids: readonly string[],
  ): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    const ownerReferences = ownersOf(object).filter((owner) => !uids.includes(owner.uid));
    const body = { metadata: { uid, resourceVersion, ownerReferences } };
    await ignoringAbsence(api.patch(resource, nameOf(object), { type: "merge", body }));
  }

  /** Owners of the object no longer wait for it. */
  async function unblock(resource: DiscoveredResource, object: KubeObject): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    if (!ownersOf(object).some((owner) => owner.blockOwnerDeletion === true)) {
      return await remove(resource, object, "Foreground");
    }
    const ownerReferences = ownersOf(object).map((owner) => ({
      ...owner,
      blockOwnerDeletion: false,
    }));
    const body = { metadata: { uid, resourceVersion, ownerReferences } };
    await ignoringAbsence(api.patch(resource, nameOf(object), { type: "merge", body }));
  }

  async function finish(
    resource: DiscoveredResource,
    object: KubeObject,
    finalizer: string,
  ): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    const finalizers = (object.metadata.finalizers ?? []).filter((entry) => entry !== finalizer);
    const body = { metadata: { uid, resourceVersion, finalizers } };
    await ignoringAbsence(api.patch(resource, nameOf(object), { type: "merge", body }));
  }

  let wake: (nodes: readonly GraphNode[]) => void = () => {};

  await runLoop(context, {
    name: "garbage-collector-controller",
    caches: [...kinds.values()].map(({ cache }) => cache),
    queue: { workers: 20 },
    work,
    wake: (queue) => {
      wake = (nodes) => {
        for (const { object } of nodes) queue.add(object.metadata.uid ?? "");
      };
      // All of the graph first, so that no owner is missed for the order of the kinds.
      for (const [kind, { cache }] of kinds) {
        for (const object of cache.list()) graph.put({ kind, object });
      }
      for (const [kind, { cache }] of kinds) {
        cache.subscribe((change) => observe(graph, queue, kind, change));
      }
    },
  });
}

/** Takes a change into the graph and marks whom it concerns. */
function observe(
  graph: OwnerGraph,
  queue: WorkQueue,
  kind: string,
  change: Change<KubeObject>,
): void {
  const { type, object } = change;
  const { uid = "" } = object.metadata;
  if (type === "DELETED") {
    graph.remove(uid);
    for (const dependent of graph.dependentsOf(uid)) queue.add(dependent.object.metadata.uid ?? "");
  } else {
    graph.put({ kind, object });
    if (needsLook(graph, change)) queue.add(uid);
  }
  // Owners that wait for their dependents look again when one goes or lets go.
  const before = type === "MODIFIED" ? ownersOf(change.previous) : [];
  for (const owner of [...before, ...ownersOf(object)]) {
    const known = graph.get(owner.uid);
    if (known !== undefined && waitsWith(known.object, FOREGROUND_FINALIZER)) queue.add(owner.uid);
  }
}

function needsLook(graph: OwnerGraph, change: Change<KubeObject>): boolean {
  const { object } = change;
  const { uid = "" } = object.metadata;
  const waits = waitsWith(object, FOREGROUND_FINALIZER) || waitsWith(object, ORPHAN_FINALIZER);
  if (waits && graph.get(uid) !== undefined) return true;
  if (change.type === "MODIFIED" && semanticEqual(ownersOf(change.previous), ownersOf(object))) {
    return false;
  }
  return ownersOf(object).some((owner) => {
    const known = graph.get(owner.uid);
    const { namespace } = known?.object.metadata ?? {};
    return (
      known === undefined ||
      known.object.metadata.deletionTimestamp !== undefined ||
      known.object.metadata.name !== owner.name ||
      (namespace !== undefined && namespace !== object.metadata.namespace)
    );
  });
}

/** Kinds that can be listed, watched and deleted. Events are many, owned by nobody, and end by themselves. */
function isCollected({ kind, verbs }: DiscoveredResource): boolean {
  return kind !== "Event" && ["list", "watch", "delete"].every((verb) => verbs.includes(verb));
}

async function discoverPatiently(context: ControllerContext): Promise<Discovery> {
  const { api, clock, random, log, signal } = context;
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      const discovery = await api.discover();
      if (discovery.failedGroupVersions.length === 0) return discovery;
      const groups = discovery.failedGroupVersions.join(", ");
      log.warn("Some API groups do not answer, owners cannot be judged", { groups });
    } catch (error) {
      log.warn("Could not ask for the kinds of the server", { error: describeError(error) });
    }
    await clock.sleep(
      backoffMs(tries, { baseMs: 500, maxMs: 30_000, jitter: 0.5 }, random),
      signal,
    );
  }
  return { resources: [], failedGroupVersions: [] };
}

async function ignoringAbsence(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function nameOf(object: KubeObject) {
  const { namespace, name = "" } = object.metadata;
  return namespace === undefined ? { name } : { namespace, name };
}

function kindName({ group, version, plural }: DiscoveredResource): string {
  return `${group}/${version}/${plural}`;
}
