import { type FieldError, forbidden, invalid, invalidEach, required } from "../field-error.ts";
import type {
  Affinity,
  LabelSelector,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from "../types.ts";
import { validateLabelSelector } from "./label-selector.ts";
import { dnsLabel, dnsSubdomain, labelValueRule, qualifiedName } from "./names.ts";

/** On which nodes, and beside which other pods, a pod may or would like to run. */
export function validateAffinity(affinity: Affinity, field: string): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  return [
    ...(nodeAffinity === undefined
      ? []
      : validateNodeAffinity(nodeAffinity, `${field}.nodeAffinity`)),
    ...(podAffinity === undefined ? [] : validatePodAffinity(podAffinity, `${field}.podAffinity`)),
    ...(podAntiAffinity === undefined
      ? []
      : validatePodAffinity(podAntiAffinity, `${field}.podAntiAffinity`)),
  ];
}

function validateNodeAffinity(affinity: NodeAffinity, field: string): FieldError[] {
  const must = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const may = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...(must === undefined
      ? []
      : validateNodeSelector(must, `${field}.requiredDuringSchedulingIgnoredDuringExecution`)),
    ...may.flatMap(({ weight, preference }, index) => {
      const at = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      return [
        ...validateWeight(weight, at),
        // A preference that no node can meet is harmless, so its values may be anything.
        ...validateNodeSelectorTerm(preference, `${at}.preference`, () => []),
      ];
    }),
  ];
}

function validateNodeSelector({ nodeSelectorTerms: terms = [] }: NodeSelector, field: string) {
  const at = `${field}.nodeSelectorTerms`;
  return terms.length === 0
    ? [required(at, "must have at least one node selector term")]
    : terms.flatMap((term, index) =>
        validateNodeSelectorTerm(term, `${at}[${index}]`, labelValueRule),
      );
}

function validateWeight(weight: number, field: string): FieldError[] {
  return weight >= 1 && weight <= 100
    ? []
    : [invalid(`${field}.weight`, weight, "must be in the range 1-100")];
}

function validateNodeSelectorTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  field: string,
  valueRule: (text: string) => string[],
): FieldError[] {
  return [
    ...matchExpressions.flatMap((one, index) =>
      validateExpression(one, `${field}.matchExpressions[${index}]`, valueRule),
    ),
    ...matchFields.flatMap((one, index) =>
      validateFieldRequirement(one, `${field}.matchFields[${index}]`),
    ),
  ];
}

const badOperator = "not a valid selector operator";

function validateExpression(
  { key, operator, values = [] }: NodeSelectorRequirement,
  field: string,
  valueRule: (text: string) => string[],
): FieldError[] {
  return [
    ...validateValueCount(operator, values.length, field),
    ...invalidEach(`${field}.key`, key ?? "", qualifiedName(key ?? "")),
    ...values.flatMap((value, index) =>
      invalidEach(`${field}.values[${index}]`, value, valueRule(value)),
    ),
  ];
}

function validateValueCount(operator: string, count: number, field: string): FieldError[] {
  const at = `${field}.values`;
  switch (operator) {
    case "In":
    case "NotIn":
      return count > 0
        ? []
        : [required(at, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      return count === 0
        ? []
        : [forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    case "Gt":
    case "Lt":
      return count === 1
        ? []
        : [required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalid(`${field}.operator`, operator ?? "", badOperator)];
  }
}

/** The one field of a node by which it can be selected is its name. */
function validateFieldRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  field: string,
): FieldError[] {
  const isKnown = operator === "In" || operator === "NotIn";
  const detail =
    "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
  return [
    ...(isKnown
      ? values.length === 1
        ? []
        : [required(`${field}.values`, detail)]
      : [invalid(`${field}.operator`, operator ?? "", badOperator)]),
    ...(key === "metadata.name"
      ? values.flatMap((value, index) =>
          invalidEach(`${field}.values[${index}]`, value, dnsSubdomain(value)),
        )
      : [invalid(`${field}.key`, key ?? "", "not a valid field selector key")]),
  ];
}

function validatePodAffinity(affinity: PodAffinity, field: string): FieldError[] {
  const must = affinity.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const may = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...must.flatMap((term, index) =>
      validatePodAffinityTerm(
        term,
        `${field}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`,
      ),
    ),
    ...may.flatMap(({ weight, podAffinityTerm }, index) => {
      const at = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      return [
        ...validateWeight(weight, at),
        ...validatePodAffinityTerm(podAffinityTerm, `${at}.podAffinityTerm`),
      ];
    }),
  ];
}

function validatePodAffinityTerm(term: PodAffinityTerm, field: string): FieldError[] {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey = "" } = term;
  const { matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const mismatched = new Set(mismatchLabelKeys);
  return [
    ...(labelSelector === undefined
      ? []
      : validateLabelSelector(labelSelector, `${field}.labelSelector`)),
    ...(namespaceSelector === undefined
      ? []
      : validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`)),
    ...namespaces.flatMap((name) => invalidEach(`${field}.namespace`, name, dnsLabel(name))),
    ...validateLabelKeys(matchLabelKeys, labelSelector, `${field}.matchLabelKeys`),
    ...validateLabelKeys(mismatchLabelKeys, labelSelector, `${field}.mismatchLabelKeys`),
    ...matchLabelKeys.flatMap((key, index) =>
      mismatched.has(key)
        ? [
            invalid(
              `${field}.matchLabelKeys[${index}]`,
              key,
              "exists in both matchLabelKeys and mismatchLabelKeys",
            ),
          ]
        : [],
    ),
    ...(topologyKey === "" ? [required(`${field}.topologyKey`, "can not be empty")] : []),
    ...invalidEach(`${field}.topologyKey`, topologyKey, qualifiedName(topologyKey)),
  ];
}

/** Labels of the pod itself whose values its selector is to be narrowed by: without a selector there is nothing to narrow. */
export function validateLabelKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  if (keys.length === 0) return [];
  if (selector === undefined) {
    return [forbidden(field, "must not be specified when labelSelector is not set")];
  }
  return keys.flatMap((key, index) => invalidEach(`${field}[${index}]`, key, qualifiedName(key)));
}
