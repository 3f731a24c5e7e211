import { parseIp } from "../../lib/ip.ts";
import { withField } from "../copy.ts";
import { type FieldError, forbidden, invalid, required } from "../field-error.ts";
import { semanticEqual } from "../semantic-equal.ts";
import type { Container, Pod, PodSpec, Toleration } from "../types.ts";
import { validateImage } from "./container.ts";
import { immutable, inRange } from "./names.ts";
import { ipMessage } from "./network.ts";
import { validatePodSpec } from "./pod-spec.ts";

const secondsMax = 2 ** 31 - 1;

const updatableFields = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

export function validatePod({ spec }: Pod): FieldError[] {
  return spec === undefined ? [required("spec.containers")] : validatePodSpec(spec, "spec");
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
    ...imageErrors(spec.containers ?? [], "spec.containers"),
    ...imageErrors(spec.initContainers ?? [], "spec.initContainers"),
    ...deadlineErrors(spec, old),
    ...tolerationErrors(spec.tolerations ?? [], old.tolerations ?? []),
    ...gateErrors(spec, old),
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

function imageErrors(containers: readonly Container[], field: string): FieldError[] {
  return containers.flatMap(({ image = "" }, index) =>
    validateImage(image, `${field}[${index}].image`),
  );
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
  const [problem] = inRange(next, 0, secondsMax);
  if (problem !== undefined) return [invalid(field, next, problem)];
  return before !== undefined && before < next
    ? [invalid(field, next, "must be less than or equal to previous value")]
    : [];
}

function tolerationErrors(next: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  // The seconds may change; everything else of an old toleration must still be there.
  const isKept = (toleration: Toleration) =>
    next.some((one) =>
      semanticEqual(
        withField(one, "tolerationSeconds", undefined),
        withField(toleration, "tolerationSeconds", undefined),
      ),
    );
  return old.every(isKept)
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
            `spec.schedulingGates[${index}]`,
            "only deletion is allowed, but found new scheduling gate",
          ),
        ],
  );
}

/** The new spec with those fields put back that may change. */
function withOldUpdatable(spec: PodSpec, old: PodSpec): PodSpec {
  const withOldImages = (next: readonly Container[] = [], before: readonly Container[] = []) =>
    next.map((container, index) => withField(container, "image", before[index]?.image));
  const wasNegative = (old.terminationGracePeriodSeconds ?? 0) < 0;
  const isMended = wasNegative && spec.terminationGracePeriodSeconds === 1;
  const isGated = (old.schedulingGates ?? []).length > 0;
  let result: PodSpec = {
    ...spec,
    containers: withOldImages(spec.containers, old.containers),
    initContainers: withOldImages(spec.initContainers, old.initContainers),
  };
  result = withField(result, "activeDeadlineSeconds", old.activeDeadlineSeconds);
  result = withField(result, "tolerations", old.tolerations);
  result = withField(result, "schedulingGates", old.schedulingGates);
  if (isMended) {
    result = withField(result, "terminationGracePeriodSeconds", old.terminationGracePeriodSeconds);
  }
  // A pod that waits for its gates may still be narrowed to fewer nodes.
  if (isGated && isSuperset(spec.nodeSelector ?? {}, old.nodeSelector ?? {})) {
    result = withField(result, "nodeSelector", old.nodeSelector);
  }
  return result;
}

function isSuperset(
  next: Readonly<Record<string, string>>,
  old: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(old).every(
    ([key, value]) => Object.hasOwn(next, key) && next[key] === value,
  );
}

export function validatePodStatus({ status }: Pod, { status: old }: Pod): FieldError[] {
  const ips = (status?.podIPs ?? []).map(({ ip }) => ip);
  const families = ips.map((ip) => parseIp(ip)?.family);
  const errors = ips.flatMap((ip, index) =>
    families[index] === undefined ? [invalid(`status.podIPs[${index}]`, ip, ipMessage)] : [],
  );
  if (errors.length === 0 && new Set(families).size < families.length) {
    errors.push(
      invalid("status.podIPs", ips, "may specify no more than one IP for each IP family"),
    );
  }
  if (status?.podIP !== ips[0]) {
    errors.push(invalid("status.podIP", status?.podIP, "must be equal to podIPs[0].ip"));
  }
  if (old?.qosClass !== undefined && status?.qosClass !== old.qosClass) {
    errors.push(invalid("status.qosClass", status?.qosClass, immutable));
  }
  return errors;
}
