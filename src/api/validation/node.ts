import { parseCidr } from "../../lib/ip.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  required,
} from "../field-error.ts";
import type { Node, Taint } from "../types.ts";
import { labelValueRule, qualifiedName } from "./names.ts";
import { cidrMessage } from "./network.ts";
import { repeats } from "./repeats.ts";

/** One pod range for each address family. */
const podCidrsMax = 2;

export function validateNode({ spec, status }: Node): FieldError[] {
  const addresses = status?.addresses ?? [];
  const repeated = repeats(addresses.map(({ type, address }) => `${type} ${address}`));
  return [
    ...(spec?.taints ?? []).flatMap((taint, index) =>
      validateTaint(taint, `spec.taints[${index}]`),
    ),
    ...duplicateTaints(spec?.taints ?? []),
    ...validatePodCidrs(spec?.podCIDRs ?? []),
    ...addresses.flatMap((address, index) =>
      repeated[index] ? [duplicate(`status.addresses[${index}]`, address)] : [],
    ),
  ];
}

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function validateTaint({ key, value = "", effect }: Taint, field: string): FieldError[] {
  return [
    ...invalidEach(`${field}.key`, key ?? "", qualifiedName(key ?? "")),
    ...invalidEach(`${field}.value`, value, labelValueRule(value)),
    ...(effect
      ? taintEffects.includes(effect)
        ? []
        : [notSupported(`${field}.effect`, effect, taintEffects)]
      : [required(`${field}.effect`)]),
  ];
}

function duplicateTaints(taints: readonly Taint[]): FieldError[] {
  const repeated = repeats(taints.map(({ key, effect }) => `${key}:${effect}`));
  return taints.flatMap((taint, index) =>
    repeated[index] ? [duplicate(`spec.taints[${index}]`, taint)] : [],
  );
}

function validatePodCidrs(cidrs: readonly string[]): FieldError[] {
  const field = "spec.podCIDRs";
  const parsed = cidrs.map(parseCidr);
  const errors = cidrs.flatMap((text, index) =>
    parsed[index] === undefined ? [invalid(`${field}[${index}]`, text, cidrMessage)] : [],
  );
  if (cidrs.length > podCidrsMax) {
    errors.push(invalid(field, cidrs, "must specify no more than one CIDR for each IP family"));
  } else if (cidrs.length === 2 && errors.length === 0 && parsed[0]?.family === parsed[1]?.family) {
    errors.push(invalid(field, cidrs, "must specify no more than one CIDR for each IP family"));
  }
  return errors;
}

/** A node's pod ranges and provider are written once. */
export function validateNodeChange({ spec }: Node, { spec: old }: Node): FieldError[] {
  const errors: FieldError[] = [];
  const oldCidrs = old?.podCIDRs ?? [];
  const cidrs = spec?.podCIDRs ?? [];
  const isFixed = oldCidrs.length > 0;
  if (isFixed && (cidrs.length !== oldCidrs.length || cidrs.some((c, i) => c !== oldCidrs[i]))) {
    errors.push(
      forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid'),
    );
  }
  if (old?.providerID && spec?.providerID !== old.providerID) {
    errors.push(
      forbidden(
        "spec.providerID",
        'node updates may not change providerID except from "" to valid',
      ),
    );
  }
  return errors;
}
