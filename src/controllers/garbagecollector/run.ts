import { semanticEqual } from "../../api/semantic-equal.ts";
import type { KubeObject, OwnerReference } from "../../api/types.ts";
import type { Api, Change, Informer } from "../../client/api.ts";
import type { DiscoveredResource, Discovery } from "../../client/discovery.ts";
import type { EventRecorder } from "../../client/events.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { describeError } from "../../lib/errors.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { recorderOf, runLoop } from "../controller.ts";
import type { Decision, OwnerState } from "./decide.ts";
import { decide, FOREGROUND_FINALIZER, ORPHAN_FINALIZER, waitsWith } from "./decide.ts";
import { OwnerGraph, ownersOf } from "./graph.ts";
import { kindChanges, kindKey } from "./kinds.ts";
import { findOwner } from "./owners.ts";
import type { Target } from "./writes.ts";
import { deleteObject, removeFinalizer, stripOwners, unblockOwners } from "./writes.ts";

/** Removes objects whose owners are gone, and carries out foreground and orphaning deletes. */
export async function runGarbageCollector(
  context: ControllerContext,
  { rediscoverMs = REDISCOVER_MS }: GarbageCollectorOptions = {},
): Promise<void> {
  const loop = new GarbageCollectorLoop(context);
  for (let tries = 0; !context.signal.aborted && !(await loop.rediscover()); tries++) {
    const pauseMs = backoffMs(tries, { baseMs: 500, maxMs: 30_000, jitter: 0.5 }, context.random);
    await context.clock.sleep(pauseMs, context.signal);
  }
  await Promise.all([runLoop(context, loop), loop.keepKinds(rediscoverMs)]);
}

export interface GarbageCollectorOptions {
  /** Pause between two looks at which kinds the server has; 30 s, as in Kubernetes, unless told. */
  readonly rediscoverMs?: number;
}

const REDISCOVER_MS = 30_000;

/** A kind that is followed. */
interface Kind {
  readonly resource: DiscoveredResource;
  readonly cache: Informer<KubeObject>;
  /** Stops hearing of it; undefined until its cache is complete. */
  unsubscribe?: () => void;
}

/** How soon an object of a broken cycle is looked at again. */
const CYCLE_DELAY_MS = 10;
/** At the start a kind that cannot be listed does not hold the others back for longer than this. */
const FIRST_SYNC_MS = 30_000;

/** Keys are uids. */
class GarbageCollectorLoop implements Loop {
  readonly name = "garbage-collector-controller";
  readonly queue = { workers: 20 };
  readonly caches = [{ whenSynced: (signal?: AbortSignal) => this.#firstSync(signal) }];
  readonly #context: ControllerContext;
  readonly #api: Api;
  readonly #recorder: EventRecorder;
  readonly #kinds = new Map<string, Kind>();
  readonly #graph = new OwnerGraph();
  #queue: WorkQueue | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#api = context.api;
    this.#recorder = recorderOf(context, this.name);
  }

  /** Begins to follow new kinds and ends with those that are gone; false if the server does not say which it has. */
  async rediscover(): Promise<boolean> {
    const { informers, log } = this.#context;
    let discovery: Discovery;
    try {
      discovery = await this.#api.discover();
    } catch (error) {
      log.warn("Could not ask for the kinds of the server", { error: describeError(error) });
      return false;
    }
    const { add, drop } = kindChanges(this.#resources(), discovery);
    for (const resource of drop) {
      const key = kindKey(resource);
      this.#kinds.get(key)?.unsubscribe?.();
      this.#kinds.delete(key);
      this.#graph.removeKind(key);
      informers.abandon(resource);
    }
    for (const resource of add) {
      const kind = { resource, cache: informers.informer<KubeObject>(resource) };
      this.#kinds.set(kindKey(resource), kind);
      if (this.#queue !== undefined) this.#hearWhenSynced(kind, this.#queue);
    }
    return true;
  }

  async keepKinds(pauseMs: number): Promise<void> {
    const { clock, signal } = this.#context;
    while (!signal.aborted) {
      await clock.sleep(pauseMs, signal);
      if (!signal.aborted) await this.rediscover();
    }
  }

  wake(queue: WorkQueue): void {
    this.#queue = queue;
    const kinds = [...this.#kinds.values()];
    this.#hear(
      kinds.filter(({ cache }) => cache.hasSynced),
      queue,
    );
    for (const kind of kinds) if (!kind.cache.hasSynced) this.#hearWhenSynced(kind, queue);
  }

  async #firstSync(signal?: AbortSignal): Promise<void> {
    const caches = [...this.#kinds.values()].map(({ cache }) => cache);
    const patience = new AbortController();
    await Promise.race([
      Promise.all(caches.map((cache) => cache.whenSynced(signal))),
      this.#context.clock.sleep(FIRST_SYNC_MS, patience.signal),
    ]).finally(() => patience.abort());
  }

  #hearWhenSynced(kind: Kind, queue: WorkQueue): void {
    const isFollowed = () => this.#kinds.get(kindKey(kind.resource)) === kind;
    kind.cache.whenSynced(this.#context.signal).then(
      () => {
        if (isFollowed()) this.#hear([kind], queue);
      },
      () => {}, // It ended before it was complete.
    );
  }

  #hear(kinds: readonly Kind[], queue: WorkQueue): void {
    // All of the graph first, so that no owner is missed for the order of the kinds.
    for (const { resource, cache } of kinds) {
      for (const object of cache.list()) this.#graph.put({ kind: kindKey(resource), object });
    }
    for (const kind of kinds) {
      kind.unsubscribe = kind.cache.subscribe((change) => {
        for (const uid of observe(this.#graph, kindKey(kind.resource), change)) queue.add(uid);
      });
    }
  }

  #resources(): readonly DiscoveredResource[] {
    return [...this.#kinds.values()].map(({ resource }) => resource);
  }

  async work(uid: string): Promise<WorkResult> {
    const target = this.#targetOf(uid);
    if (target === undefined) return undefined;
    const states = new Map<string, OwnerState>();
    for (const owner of ownersOf(target.object)) {
      states.set(owner.uid, await this.#stateOf(target, owner));
    }
    const decision = decide({
      object: target.object,
      dependents: this.#graph.dependentsOf(uid),
      stateOf: (owner) => states.get(owner.uid) ?? "present",
    });
    return await this.#carryOut(target, decision);
  }

  #targetOf(uid: string): Target | undefined {
    const node = this.#graph.get(uid);
    const kind = this.#kinds.get(node?.kind ?? "");
    if (node === undefined || kind === undefined) return undefined;
    return { resource: kind.resource, object: node.object };
  }

  async #stateOf(target: Target, owner: OwnerReference): Promise<OwnerState> {
    const lookup = { api: this.#api, graph: this.#graph, resources: this.#resources() };
    const { state, isInvalid } = await findOwner(lookup, target, owner);
    if (isInvalid) {
      const { kind, name, uid } = owner;
      const { namespace = "" } = target.object.metadata;
      const message = `ownerRef [${kind}, name: ${name}, uid: ${uid}] does not exist in namespace "${namespace}"`;
      const reason = "OwnerRefInvalidNamespace";
      this.#recorder.record(target.object, { type: "Warning", reason, message });
    }
    return state;
  }

  async #carryOut(target: Target, decision: Decision): Promise<WorkResult> {
    switch (decision.type) {
      case "nothing":
        return undefined;
      case "delete": {
        const blocks = ownersOf(target.object).some((owner) => owner.blockOwnerDeletion === true);
        if (decision.unblocks === true && blocks) {
          await unblockOwners(this.#api, target);
          return { againAfterMs: CYCLE_DELAY_MS };
        }
        await deleteObject(this.#api, target, decision.policy);
        return undefined;
      }
      case "strip":
        await stripOwners(this.#api, target, decision.uids);
        return undefined;
      case "finish":
        await removeFinalizer(this.#api, target, decision.finalizer);
        return undefined;
      case "await":
        for (const { object } of decision.dependents) this.#queue?.add(uidOf(object));
        return undefined;
      case "orphan":
        for (const { object } of decision.dependents) {
          const dependent = this.#targetOf(uidOf(object));
          if (dependent === undefined) continue;
          await stripOwners(this.#api, dependent, [uidOf(target.object)]);
        }
        await removeFinalizer(this.#api, target, ORPHAN_FINALIZER);
        return undefined;
    }
  }
}

/** Takes a change into the graph; the uids of those whom it concerns. */
function observe(graph: OwnerGraph, kind: string, change: Change<KubeObject>): string[] {
  const { type, object } = change;
  const uid = uidOf(object);
  const concerned: string[] = [];
  if (type === "DELETED") {
    graph.remove(uid);
    concerned.push(...graph.dependentsOf(uid).map((dependent) => uidOf(dependent.object)));
  } else {
    graph.put({ kind, object });
    if (needsLook(graph, change)) concerned.push(uid);
  }
  // Owners that wait for their dependents look again when one goes or lets go.
  const before = type === "MODIFIED" ? ownersOf(change.previous) : [];
  const waiting = [...before, ...ownersOf(object)].filter((owner) => {
    const known = graph.get(owner.uid);
    return known !== undefined && waitsWith(known.object, FOREGROUND_FINALIZER);
  });
  return [...concerned, ...waiting.map((owner) => owner.uid)];
}

/** Whether an object waits for its dependents, or one of its owners may not be what it seems. */
function needsLook(graph: OwnerGraph, change: Change<KubeObject>): boolean {
  const { object } = change;
  if (waitsWith(object, FOREGROUND_FINALIZER) || waitsWith(object, ORPHAN_FINALIZER)) return true;
  if (change.type === "MODIFIED" && semanticEqual(ownersOf(change.previous), ownersOf(object))) {
    return false;
  }
  return ownersOf(object).some((owner) => {
    const known = graph.get(owner.uid)?.object.metadata;
    return (
      known === undefined ||
      known.deletionTimestamp !== undefined ||
      known.name !== owner.name ||
      (known.namespace !== undefined && known.namespace !== object.metadata.namespace)
    );
  });
}

function uidOf({ metadata }: KubeObject): string {
  return metadata.uid ?? "";
}
