import type { Deployment, ReplicaSet } from "../../api/types.ts";
import { availableOf, isRolling, limitsOf, replicasOf, sum } from "./limits.ts";
import { DESIRED_ANNOTATION, MAX_ANNOTATION } from "./revision.ts";
import { byCreation } from "./template.ts";

/** ReplicaSets and the size each shall have; those not named stay. */
export type Scaling = ReadonlyMap<ReplicaSet, number>;

export interface Generations {
  /** The ReplicaSet of the present template, if it is there already. */
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

const none: Scaling = new Map();

/** The size of the new ReplicaSet now: as many more as the surge leaves room for. */
export function newReplicas(deployment: Deployment, { current, old }: Generations): number {
  const { replicas, surge } = limitsOf(deployment);
  if (!isRolling(deployment)) return replicas;
  const present = replicasOf(current);
  const room = replicas + surge - present - sum(old, replicasOf);
  return room <= 0 ? present : present + Math.max(0, Math.min(room, replicas - present));
}

/** One step of a rolling update: up if there is room, otherwise down as far as availability allows. */
export function rollingStep(deployment: Deployment, generations: Generations): Scaling {
  const { current } = generations;
  if (current === undefined) return none;
  const { replicas } = limitsOf(deployment);
  const present = replicasOf(current);
  const wanted = present > replicas ? replicas : newReplicas(deployment, generations);
  if (wanted !== present) return new Map([[current, wanted]]);
  return scaleDownOld(deployment, generations);
}

function scaleDownOld(deployment: Deployment, { current, old }: Generations): Scaling {
  const { replicas, unavailable } = limitsOf(deployment);
  const availableMin = replicas - unavailable;
  const all = current === undefined ? old : [...old, current];
  const notYetAvailable = replicasOf(current) - availableOf(current);
  const budget = sum(all, replicasOf) - availableMin - notYetAvailable;
  if (sum(old, replicasOf) === 0 || budget <= 0) return none;

  const sizes = new Map<ReplicaSet, number>();
  const oldest = old.filter((replicaSet) => replicasOf(replicaSet) > 0).sort(byCreation);
  let cleaned = 0;
  for (const replicaSet of oldest) {
    // Pods that do not serve are no loss; they go before any that does.
    const broken = replicasOf(replicaSet) - availableOf(replicaSet);
    const count = Math.max(0, Math.min(budget - cleaned, broken));
    cleaned += count;
    if (count > 0) sizes.set(replicaSet, replicasOf(replicaSet) - count);
  }
  let spare = sum(all, availableOf) - availableMin;
  for (const replicaSet of oldest) {
    const size = sizes.get(replicaSet) ?? replicasOf(replicaSet);
    const count = Math.max(0, Math.min(spare, size));
    spare -= count;
    if (count > 0) sizes.set(replicaSet, size - count);
  }
  return sizes;
}

/** All old ReplicaSets to nothing. */
export function scaleOldToZero({ old }: Generations): Scaling {
  return new Map(old.filter((set) => replicasOf(set) > 0).map((set) => [set, 0]));
}

/** Whether the number of replicas was changed since the ReplicaSets were last sized. */
export function isScalingNeeded(deployment: Deployment, { current, old }: Generations): boolean {
  const { replicas } = limitsOf(deployment);
  return activeOf(current, old).some((replicaSet) => {
    const desired = numberIn(replicaSet, DESIRED_ANNOTATION);
    return desired !== undefined && desired !== replicas;
  });
}

/**
 * Sizes after a change of the number of replicas, without moving the rollout on. With several ReplicaSets in
 * play each grows or shrinks in proportion, so that the risk stays spread; what rounding leaves goes to the largest.
 */
export function proportionalScale(deployment: Deployment, generations: Generations): Scaling {
  const { current, old } = generations;
  const { replicas, surge } = limitsOf(deployment);
  const active = activeOf(current, old);
  if (active.length <= 1) {
    const only = active[0] ?? current ?? old.toSorted(byCreation).at(-1);
    return only === undefined || replicasOf(only) === replicas ? none : new Map([[only, replicas]]);
  }
  if (isSaturated(deployment, current)) return scaleOldToZero(generations);
  if (!isRolling(deployment)) return none;

  const toAdd = (replicas > 0 ? replicas + surge : 0) - sum(active, replicasOf);
  const newerFirst = toAdd > 0 ? -1 : 1;
  const largest = active.toSorted(
    (a, b) => replicasOf(b) - replicasOf(a) || newerFirst * byCreation(a, b),
  );
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const replicaSet of largest) {
    const share = proportionOf(replicaSet, deployment, toAdd, added);
    added += share;
    sizes.set(replicaSet, replicasOf(replicaSet) + share);
  }
  const [first] = largest;
  if (first !== undefined) {
    sizes.set(first, Math.max(0, (sizes.get(first) ?? 0) + toAdd - added));
  }
  return sizes;
}

function proportionOf(
  replicaSet: ReplicaSet,
  deployment: Deployment,
  toAdd: number,
  added: number,
): number {
  const size = replicasOf(replicaSet);
  const left = toAdd - added;
  if (size === 0 || toAdd === 0 || left === 0) return 0;
  const { replicas, surge } = limitsOf(deployment);
  // An annotation of 0 says no more than none.
  const before = numberIn(replicaSet, MAX_ANNOTATION) || (deployment.status?.replicas ?? 0);
  if (replicas > 0 && before === 0) return 0; // Nobody knows what it was a share of.
  const fraction = replicas === 0 ? -size : Math.round((size * (replicas + surge)) / before) - size;
  return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

function isSaturated(deployment: Deployment, current: ReplicaSet | undefined): boolean {
  const { replicas } = limitsOf(deployment);
  return (
    current !== undefined &&
    replicasOf(current) === replicas &&
    numberIn(current, DESIRED_ANNOTATION) === replicas &&
    availableOf(current) === replicas
  );
}

function activeOf(current: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet[] {
  const all = current === undefined ? old : [...old, current];
  return all.filter((replicaSet) => replicasOf(replicaSet) > 0);
}

function numberIn({ metadata }: ReplicaSet, annotation: string): number | undefined {
  const text = metadata.annotations?.[annotation] ?? "";
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
