import type { KubeObject, OwnerReference } from "../../api/types.ts";
import type { GraphNode } from "./graph.ts";
import { ownersOf } from "./graph.ts";

/** Put by the API server on objects whose dependents are to go first, or to stay without them. */
export const FOREGROUND_FINALIZER = "foregroundDeletion";
export const ORPHAN_FINALIZER = "orphan";

/** What became of an owner: it is there, it is gone, or it waits for its dependents to go. */
export type OwnerState = "present" | "absent" | "waiting";

/** What to do about an object. */
export type Decision =
  | { readonly type: "nothing" }
  | {
      readonly type: "delete";
      readonly policy: "Background" | "Foreground" | "Orphan";
      /** Let its owners go without it first, since it is part of a cycle of waiting objects. */
      readonly unblocks?: true;
    }
  /** Take these owners out of the object; others remain. */
  | { readonly type: "strip"; readonly uids: readonly string[] }
  /** Let go of the object, which waits with this finalizer. */
  | { readonly type: "finish"; readonly finalizer: string }
  /** The object waits for these dependents. */
  | { readonly type: "await"; readonly dependents: readonly GraphNode[] }
  /** Take the object out of these dependents' owners, then let go of it. */
  | { readonly type: "orphan"; readonly dependents: readonly GraphNode[] };

export interface DecisionInput {
  readonly object: KubeObject;
  readonly dependents: readonly GraphNode[];
  /** Asked only where it matters. */
  readonly stateOf: (owner: OwnerReference) => OwnerState;
}

/** Whether an object waits, by this finalizer, for its dependents. */
export function waitsWith(object: KubeObject, finalizer: string): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.includes(finalizer);
}

/** The rules of owner references, for one object. */
export function decide({ object, dependents, stateOf }: DecisionInput): Decision {
  const { uid = "", deletionTimestamp, finalizers = [] } = object.metadata;
  if (waitsWith(object, ORPHAN_FINALIZER)) {
    return dependents.length === 0
      ? { type: "finish", finalizer: ORPHAN_FINALIZER }
      : { type: "orphan", dependents };
  }
  if (waitsWith(object, FOREGROUND_FINALIZER)) {
    const blocking = dependents.filter((dependent) => blocks(dependent, uid));
    return blocking.length === 0
      ? { type: "finish", finalizer: FOREGROUND_FINALIZER }
      : { type: "await", dependents };
  }
  const owners = ownersOf(object);
  if (deletionTimestamp !== undefined || owners.length === 0) return { type: "nothing" };

  const states = owners.map((owner) => ({ owner, state: stateOf(owner) }));
  const leaving = states.filter(({ state }) => state !== "present");
  if (leaving.length === 0) return { type: "nothing" };
  if (leaving.length < states.length) {
    return { type: "strip", uids: leaving.map(({ owner }) => owner.uid) };
  }
  const isAwaited = states.some(({ state }) => state === "waiting");
  if (isAwaited && dependents.length > 0) {
    const isCycle = dependents.some((dependent) =>
      waitsWith(dependent.object, FOREGROUND_FINALIZER),
    );
    return { type: "delete", policy: "Foreground", ...(isCycle ? { unblocks: true } : {}) };
  }
  if (finalizers.includes(ORPHAN_FINALIZER)) return { type: "delete", policy: "Orphan" };
  if (finalizers.includes(FOREGROUND_FINALIZER)) return { type: "delete", policy: "Foreground" };
  return { type: "delete", policy: "Background" };
}

/** Whether the dependent keeps its owner from going. Nothing keeps itself. */
function blocks({ object }: GraphNode, ownerUid: string): boolean {
  const reference = ownersOf(object).find(({ uid }) => uid === ownerUid);
  return reference?.blockOwnerDeletion === true && object.metadata.uid !== ownerUid;
}
