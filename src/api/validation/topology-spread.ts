import { duplicate, type FieldError, invalid, required } from "../field-error.ts";
import type { LabelSelector, TopologySpreadConstraint } from "../types.ts";
import { validateLabelKeys } from "./affinity.ts";
import { validateLabelSelector } from "./label-selector.ts";
import { positive } from "./names.ts";
import { repeats } from "./repeats.ts";
import { validateOptionalWord } from "./words.ts";

const actions = ["DoNotSchedule", "ScheduleAnyway"];
const inclusionPolicies = ["Honor", "Ignore"];

/** How evenly pods are to be spread over zones, nodes and the like. */
export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[],
  field: string,
): FieldError[] {
  // Unlike elsewhere the earlier of two is the repeated one, and so Kubernetes reports it.
  const repeated = repeats(constraints.map(idOf).toReversed()).toReversed();
  return constraints.flatMap((constraint, index) => [
    ...validateConstraint(constraint, `${field}[${index}]`),
    ...(repeated[index]
      ? [duplicate(`${field}[${index}].{topologyKey, whenUnsatisfiable}`, idOf(constraint))]
      : []),
  ]);
}

/** What no two constraints may share: they would contradict each other. */
function idOf({ topologyKey, whenUnsatisfiable }: TopologySpreadConstraint): string {
  return `{${topologyKey}, ${whenUnsatisfiable}}`;
}

function validateConstraint(constraint: TopologySpreadConstraint, field: string): FieldError[] {
  const { maxSkew = 0, topologyKey = "", whenUnsatisfiable = "", labelSelector } = constraint;
  const { nodeAffinityPolicy, nodeTaintsPolicy, matchLabelKeys = [] } = constraint;
  return [
    ...(maxSkew > 0 ? [] : [invalid(`${field}.maxSkew`, maxSkew, positive)]),
    ...(topologyKey === "" ? [required(`${field}.topologyKey`, "can not be empty")] : []),
    ...validateOptionalWord(whenUnsatisfiable, actions, `${field}.whenUnsatisfiable`),
    ...validateMinDomains(constraint, `${field}.minDomains`),
    ...validateOptionalWord(nodeAffinityPolicy, inclusionPolicies, `${field}.nodeAffinityPolicy`),
    ...validateOptionalWord(nodeTaintsPolicy, inclusionPolicies, `${field}.nodeTaintsPolicy`),
    ...validateLabelKeys(matchLabelKeys, labelSelector, `${field}.matchLabelKeys`),
    ...validateKeysOnce(matchLabelKeys, labelSelector, `${field}.matchLabelKeys`),
    ...(labelSelector === undefined
      ? []
      : validateLabelSelector(labelSelector, `${field}.labelSelector`)),
  ];
}

function validateMinDomains(
  { minDomains, whenUnsatisfiable }: TopologySpreadConstraint,
  field: string,
): FieldError[] {
  if (minDomains === undefined) return [];
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  return [
    ...(minDomains > 0 ? [] : [invalid(field, minDomains, positive)]),
    ...(whenUnsatisfiable === "DoNotSchedule" ? [] : [invalid(field, minDomains, detail)]),
  ];
}

function validateKeysOnce(
  keys: readonly string[],
  { matchLabels = {}, matchExpressions = [] }: LabelSelector = {},
  field: string,
): FieldError[] {
  const selected = new Set([
    ...Object.keys(matchLabels),
    ...matchExpressions.map(({ key }) => key),
  ]);
  return keys.flatMap((key, index) =>
    selected.has(key)
      ? [invalid(`${field}[${index}]`, key, "exists in both matchLabelKeys and labelSelector")]
      : [],
  );
}
