import { labelSelectorOf } from "../../api/selectors.ts";
import type {
  LabelSelector,
  Node,
  Pod,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from "../../api/types.ts";
import { isTerminating } from "../pods.ts";
import { tolerates } from "../taints.ts";
import { matchesNodeSelection } from "./node-affinity.ts";
import type { Obstacle } from "./obstacle.ts";
import { forGood, forNow } from "./obstacle.ts";

/** What the placement of pods depends on beside one node. */
export interface Surroundings {
  readonly nodes: readonly Node[];
  /** All pods on a node, also those that were only just bound to it. */
  readonly podsOn: (nodeName: string) => readonly Pod[];
  readonly namespaceLabels: (name: string) => Readonly<Record<string, string>> | undefined;
}

/** What the pods around say of a pod's place on a node. */
export interface NeighbourRules {
  /** Why it cannot be there; undefined when it can. */
  obstacleOn(node: Node): Obstacle | undefined;
  /** How much the pods around speak for the node; more is better. */
  preference(node: Node): number;
  /** How many pods that the pod had rather be spread from are near the node; fewer is better. */
  crowd(node: Node): number;
}

/** Whether a pod's place depends on other pods, so that their coming may help it. */
export function asksForNeighbours({ spec }: Pod): boolean {
  const { affinity, topologySpreadConstraints = [] } = spec ?? {};
  return affinity?.podAffinity !== undefined || topologySpreadConstraints.length > 0;
}

/** Works out a pod's affinities to pods (its own, and those of pods that do not want it) and its spread. */
export function neighbourRules(pod: Pod, around: Surroundings): NeighbourRules {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const near = termsOf(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution, pod, around);
  const far = termsOf(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution, pod, around);
  const refused = refusedPlaces(pod, around);
  const spreads = (pod.spec?.topologySpreadConstraints ?? []).map((constraint) =>
    spreadOf(pod, constraint, around),
  );
  // The first of a group that wants to be together has nobody to be with.
  const isFirst =
    near.every(({ places }) => places.size === 0) && near.every(({ matches }) => matches(pod));
  const liked = weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1);
  const disliked = weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1);
  const wishes = [...liked, ...disliked].map(({ weight, term }) => ({
    weight,
    term: termOf(term, pod, around),
  }));

  return {
    obstacleOn(node) {
      const placeFor = ({ topologyKey }: { readonly topologyKey: string }) =>
        node.metadata.labels?.[topologyKey];
      for (const { constraint, obstacleOn } of spreads) {
        const isRequired = constraint.whenUnsatisfiable === "DoNotSchedule";
        const obstacle = isRequired ? obstacleOn(node) : undefined;
        if (obstacle !== undefined) return obstacle;
      }
      const isNear = near.every((term) => {
        const place = placeFor(term);
        return place !== undefined && (isFirst || term.places.has(place));
      });
      if (!isNear) return forGood("node(s) didn't match pod affinity rules");
      if (far.some((term) => term.places.has(placeFor(term) ?? ""))) {
        return forNow("node(s) didn't match pod anti-affinity rules");
      }
      const labels = Object.entries(node.metadata.labels ?? {});
      if (labels.some(([key, value]) => refused.has(placeKey(key, value)))) {
        return forNow("node(s) didn't satisfy existing pods anti-affinity rules");
      }
      return undefined;
    },
    preference: (node) =>
      wishes.reduce((sum, { weight, term }) => {
        const place = node.metadata.labels?.[term.topologyKey];
        return sum + weight * (place === undefined ? 0 : (term.places.get(place) ?? 0));
      }, 0),
    crowd: (node) => spreads.reduce((sum, { countAt }) => sum + countAt(node), 0),
  };
}

/** A term of an affinity, and how many pods that it means are at each place. */
interface Term {
  readonly topologyKey: string;
  readonly matches: (other: Pod) => boolean;
  readonly places: ReadonlyMap<string, number>;
}

function termsOf(
  terms: readonly PodAffinityTerm[] | undefined,
  pod: Pod,
  around: Surroundings,
): Term[] {
  return (terms ?? []).map((term) => termOf(term, pod, around));
}

function termOf(term: PodAffinityTerm, pod: Pod, around: Surroundings): Term {
  const matches = matcherOf(term, pod, around);
  const { topologyKey } = term;
  return { topologyKey, matches, places: countPlaces(around, topologyKey, matches) };
}

function weighted(
  terms:
    | readonly { readonly weight: number; readonly podAffinityTerm: PodAffinityTerm }[]
    | undefined,
  sign: 1 | -1,
) {
  return (terms ?? []).map(({ weight, podAffinityTerm: term }) => ({
    weight: sign * weight,
    term,
  }));
}

/** Which pods a term of `owner` means: by default those of its own namespace. */
function matcherOf(
  term: PodAffinityTerm,
  owner: Pod,
  { namespaceLabels }: Surroundings,
): (other: Pod) => boolean {
  const { namespaces = [], namespaceSelector, matchLabelKeys, mismatchLabelKeys } = term;
  const selector = labelSelectorOf(
    withKeys(term.labelSelector, owner, { In: matchLabelKeys, NotIn: mismatchLabelKeys }),
  );
  const isOwn = namespaces.length === 0 && namespaceSelector === undefined;
  const chosen = isOwn ? [owner.metadata.namespace ?? ""] : namespaces;
  const chooser = labelSelectorOf(namespaceSelector);
  return ({ metadata }) => {
    const { namespace = "", labels } = metadata;
    if (!selector.matches(labels)) return false;
    return chosen.includes(namespace) || chooser.matches(namespaceLabels(namespace));
  };
}

/** The selector narrowed to the owner's own values of some labels. */
function withKeys(
  selector: LabelSelector | undefined,
  owner: Pod,
  keys: Readonly<Record<"In" | "NotIn", readonly string[] | undefined>>,
): LabelSelector | undefined {
  if (selector === undefined) return undefined;
  const labels = owner.metadata.labels ?? {};
  const more = (["In", "NotIn"] as const).flatMap((operator) =>
    (keys[operator] ?? []).flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    }),
  );
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...more] };
}

/** How many matching pods there are at each value of a node label; only places that have some. */
function countPlaces(
  { nodes, podsOn }: Surroundings,
  topologyKey: string,
  matches: (pod: Pod) => boolean,
): Map<string, number> {
  const places = new Map<string, number>();
  for (const { metadata } of nodes) {
    const place = metadata.labels?.[topologyKey];
    if (place === undefined) continue;
    const count = podsOn(metadata.name ?? "").filter(matches).length;
    if (count > 0) places.set(place, (places.get(place) ?? 0) + count);
  }
  return places;
}

/** Places near pods that do not want the pod near them. */
function refusedPlaces(pod: Pod, around: Surroundings): ReadonlySet<string> {
  const places = new Set<string>();
  for (const { metadata } of around.nodes) {
    for (const other of around.podsOn(metadata.name ?? "")) {
      const { podAntiAffinity } = other.spec?.affinity ?? {};
      for (const term of podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const place = metadata.labels?.[term.topologyKey];
        if (place === undefined || !matcherOf(term, other, around)(pod)) continue;
        places.add(placeKey(term.topologyKey, place));
      }
    }
  }
  return places;
}

function placeKey(key: string, value: string): string {
  return `${key}=${value}`;
}

/** How one constraint of spread sees the nodes. */
interface Spread {
  readonly constraint: TopologySpreadConstraint;
  readonly obstacleOn: (node: Node) => Obstacle | undefined;
  readonly countAt: (node: Node) => number;
}

const NOT_SPREAD = "node(s) didn't match pod topology spread constraints";

function spreadOf(pod: Pod, constraint: TopologySpreadConstraint, around: Surroundings): Spread {
  const { topologyKey, maxSkew, minDomains = 1 } = constraint;
  const { labelSelector, matchLabelKeys } = constraint;
  const selector = labelSelectorOf(
    withKeys(labelSelector, pod, { In: matchLabelKeys, NotIn: undefined }),
  );
  const matches = (other: Pod) =>
    other.metadata.namespace === pod.metadata.namespace &&
    !isTerminating(other) &&
    selector.matches(other.metadata.labels);
  const nodes = around.nodes.filter((node) => counts(node, pod, constraint));
  const places = countPlaces({ ...around, nodes }, topologyKey, matches);
  const domains = new Set(nodes.map(({ metadata }) => metadata.labels?.[topologyKey] ?? ""));
  const perDomain = [...domains].map((domain) => places.get(domain) ?? 0);
  const fewest = domains.size < minDomains ? 0 : Math.min(...perDomain);
  const own = selector.matches(pod.metadata.labels) ? 1 : 0;
  // A node without the label is the last that a wish to be spread leads to.
  const countAt = ({ metadata }: Node) => {
    const place = metadata.labels?.[topologyKey];
    return place === undefined ? Number.POSITIVE_INFINITY : (places.get(place) ?? 0);
  };
  return {
    constraint,
    countAt,
    obstacleOn(node) {
      if (node.metadata.labels?.[topologyKey] === undefined) {
        return forGood(`${NOT_SPREAD} (missing required label)`);
      }
      return countAt(node) + own - fewest > maxSkew ? forNow(NOT_SPREAD) : undefined;
    },
  };
}

/** Whether a node is a place to be spread over: it has all labels in question, and the pod may be on it. */
function counts(node: Node, pod: Pod, constraint: TopologySpreadConstraint): boolean {
  const { nodeAffinityPolicy = "Honor", nodeTaintsPolicy = "Ignore" } = constraint;
  const keys = (pod.spec?.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === constraint.whenUnsatisfiable)
    .map(({ topologyKey }) => topologyKey);
  if (!keys.every((key) => node.metadata.labels?.[key] !== undefined)) return false;
  if (nodeAffinityPolicy === "Honor" && !matchesNodeSelection(node, pod)) return false;
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect !== "PreferNoSchedule");
  return nodeTaintsPolicy === "Ignore" || taints.every((taint) => tolerates(pod, taint));
}
