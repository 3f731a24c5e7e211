import { withField } from "../copy.ts";
import { type FieldError, forbidden, invalid, required } from "../field-error.ts";
import { semanticEqual } from "../semantic-equal.ts";
import type { Affinity, Container, NodeSelector, Pod, PodSpec, Toleration } from "../types.ts";
import { inRange, int32Max } from "./names.ts";
import { validatePodImages, validatePodSpec } from "./pod-spec.ts";

const updatableFields = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

const deletionCost = "controller.kubernetes.io/pod-deletion-cost";

/** What is wrong with a pod of its own, unlike one in a template. */
export function validatePod({ metadata, spec }: Pod): FieldError[] {
  const cost = metadata.annotations?.[deletionCost];
  return [
    ...(cost === undefined || isInt32(cost)
      ? []
      : [invalid(`metadata.annotations[${deletionCost}]`, cost, "must be a 32bit integer")]),
    ...(spec === undefined
      ? [required("spec.containers")]
      : [...validatePodSpec(spec, "spec", { isPod: true }), ...validatePodImages(spec)]),
  ];
}

/** A whole number that Go reads as one of 32 bits: no plus, no leading zeros. */
function isInt32(text: string): boolean {
  const value = Number(text);
  return /^(0|-?[1-9]\d{0,9})$/.test(text) && value >= -(2 ** 31) && value < 2 ** 31;
}

/** A pod's spec stays as it is, but for a few fields. */
export function validatePodChange({ spec }: Pod, { spec: old }: Pod): FieldError[] {
  if (spec === undefined || old === undefined || semanticEqual(spec, old)) return [];
  const counts = [
    ...countChange(spec.containers ?? [], old.containers ?? [], "spec.containers"),
    ...countChange(spec.initContainers ?? [], old.initContainers ?? [], "spec.initContainers"),
  ];
  if (counts.length > 0) return counts;
  const errors = [
    ...deadlineErrors(spec, old),
    ...tolerationErrors(spec.tolerations ?? [], old.tolerations ?? []),
    ...gateErrors(spec, old),
    ...placementErrors(spec, old),
  ];
  if (!semanticEqual(withOldUpdatable(spec, old), old)) {
    const detail = `pod updates may not change fields other than ${updatableFields.join(",")}`;
    errors.push(forbidden("spec", detail));
  }
  return errors;
}

function countChange(next: readonly Container[], old: readonly Container[], field: string) {
  return next.length === old.length
    ? []
    : [forbidden(field, "pod updates may not add or remove containers")];
}

function deadlineErrors(spec: PodSpec, old: PodSpec): FieldError[] {
  const field = "spec.activeDeadlineSeconds";
  const next = spec.activeDeadlineSeconds;
  const before = old.activeDeadlineSeconds;
  if (next === undefined) {
    return before === undefined
      ? []
      : [invalid(field, null, "must not update from a positive integer to nil value")];
  }
  const [problem] = inRange(next, 0, int32Max);
  if (problem !== undefined) return [invalid(field, next, problem)];
  return before !== undefined && before < next
    ? [invalid(field, next, "must be less than or equal to previous value")]
    : [];
}

function tolerationErrors(next: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  // The seconds may change; everything else of an old toleration must still be there.
  const textOf = ({ key = "", operator = "", value = "", effect = "" }: Toleration) =>
    JSON.stringify([key, operator, value, effect]);
  const kept = new Set(next.map(textOf));
  return old.every((toleration) => kept.has(textOf(toleration)))
    ? []
    : [
        forbidden(
          "spec.tolerations",
          "existing toleration can not be modified except its tolerationSeconds",
        ),
      ];
}

function gateErrors(spec: PodSpec, old: PodSpec): FieldError[] {
  const known = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  return (spec.schedulingGates ?? []).flatMap(({ name }, index) =>
    known.has(name)
      ? []
      : [
          forbidden(
            `spec.schedulingGates[${index}].name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  );
}

/** A pod that waits for its gates may still be narrowed to fewer nodes, never widened to others. */
function placementErrors(spec: PodSpec, old: PodSpec): FieldError[] {
  if (!isGated(old)) return [];
  const { nodeSelector = {} } = spec;
  const isNarrower = Object.entries(old.nodeSelector ?? {}).every(
    ([key, value]) => Object.hasOwn(nodeSelector, key) && nodeSelector[key] === value,
  );
  const field = "spec.nodeSelector";
  const detail = `only additions to ${field} are allowed (no mutations or deletions)`;
  return [
    ...(isNarrower ? [] : [invalid(field, nodeSelector, detail)]),
    ...affinityErrors(requiredNodes(spec.affinity), requiredNodes(old.affinity)),
  ];
}

function isGated({ schedulingGates = [] }: PodSpec): boolean {
  return schedulingGates.length > 0;
}

function requiredNodes(affinity: Affinity | undefined): NodeSelector | undefined {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
}

/** Terms are alternatives, so their number stays; the requirements of a term must all hold, so more may come. */
function affinityErrors(
  next: NodeSelector | undefined,
  old: NodeSelector | undefined,
): FieldError[] {
  if (old === undefined) return [];
  const field =
    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
  const terms = next?.nodeSelectorTerms ?? [];
  const oldTerms = old.nodeSelectorTerms ?? [];
  if (terms.length !== oldTerms.length) {
    return [
      invalid(
        field,
        terms,
        "no additions/deletions to non-empty NodeSelectorTerms list are allowed",
      ),
    ];
  }
  const isKept = (before: readonly unknown[] = [], after: readonly unknown[] = []) =>
    semanticEqual(after.slice(0, before.length), before);
  return oldTerms.flatMap((before, index) => {
    const after = terms[index];
    const isEmpty = semanticEqual(before, {});
    const isNarrower =
      isKept(before.matchExpressions, after?.matchExpressions) &&
      isKept(before.matchFields, after?.matchFields);
    return semanticEqual(before, after) || (isNarrower && !isEmpty)
      ? []
      : [
          invalid(
            `${field}[${index}]`,
            after,
            "only additions are allowed (no mutations or deletions)",
          ),
        ];
  });
}

/** The new spec with those fields put back that may change, or whose change has been judged. */
function withOldUpdatable(spec: PodSpec, old: PodSpec): PodSpec {
  const withOldImages = (next: readonly Container[] = [], before: readonly Container[] = []) =>
    next.map((container, index) => withField(container, "image", before[index]?.image));
  const wasNegative = (old.terminationGracePeriodSeconds ?? 0) < 0;
  let result: PodSpec = {
    ...spec,
    containers: withOldImages(spec.containers, old.containers),
    initContainers: withOldImages(spec.initContainers, old.initContainers),
  };
  result = withField(result, "activeDeadlineSeconds", old.activeDeadlineSeconds);
  result = withField(result, "tolerations", old.tolerations);
  result = withField(result, "schedulingGates", old.schedulingGates);
  if (wasNegative && spec.terminationGracePeriodSeconds === 1) {
    result = withField(result, "terminationGracePeriodSeconds", old.terminationGracePeriodSeconds);
  }
  if (!isGated(old)) return result;
  const affinity = withField(spec.affinity ?? {}, "nodeAffinity", old.affinity?.nodeAffinity);
  return { ...withField(result, "nodeSelector", old.nodeSelector), affinity };
}
