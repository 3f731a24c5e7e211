import { parseCidr } from "../../lib/ip.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  shown,
} from "../field-error.ts";
import type { Node, Taint } from "../types.ts";
import { labelValueRule, qualifiedName } from "./names.ts";
import { cidrMessage } from "./network.ts";
import { repeats } from "./repeats.ts";
import { validateAmount } from "./resources.ts";
import { taintEffects } from "./tolerations.ts";
import { validateWord } from "./words.ts";

/** One pod range for each address family. */
const podCidrsMax = 2;
const oneOfEach = "may specify no more than one CIDR for each IP family";

/** What is wrong with a Node: taints, amounts and pod ranges. */
export function validateNode({ spec, status }: Node): FieldError[] {
  return [
    ...validateTaints(spec?.taints ?? []),
    ...(["capacity", "allocatable"] as const).flatMap((list) =>
      Object.entries(status?.[list] ?? {}).flatMap(([name, amount]) =>
        validateAmount(name, amount, `status.${list}.${name}`),
      ),
    ),
    ...validatePodCidrs(spec?.podCIDRs ?? []),
  ];
}

/** Kubernetes reports taints below the metadata, where they once were. */
function validateTaints(taints: readonly Taint[]): FieldError[] {
  const repeated = repeats(taints.map(({ key, effect }) => `${key}:${effect}`));
  return taints.flatMap((taint, index) => {
    const { key = "", value = "", effect = "" } = taint;
    const at = `metadata.taints[${index}]`;
    const valueProblems = labelValueRule(value);
    return [
      ...invalidEach(`${at}.key`, key, qualifiedName(key)),
      ...(valueProblems.length > 0 ? [invalid(`${at}.value`, value, valueProblems.join(";"))] : []),
      ...validateWord(effect, taintEffects, `${at}.effect`),
      ...(repeated[index]
        ? [duplicate(at, shownTaint(taint), "taints must be unique by key and effect pair")]
        : []),
    ];
  });
}

function shownTaint({ key, value = "", effect, timeAdded }: Taint) {
  const fields = [key, value, effect].map((text) => JSON.stringify(text));
  const time = timeAdded === undefined ? "<nil>" : timeAdded;
  return shown(
    `core.Taint{Key:${fields[0]}, Value:${fields[1]}, Effect:${fields[2]}, TimeAdded:${time}}`,
  );
}

function validatePodCidrs(cidrs: readonly string[]): FieldError[] {
  const field = "spec.podCIDRs";
  const parsed = cidrs.map(parseCidr);
  const errors = cidrs.flatMap((text, index) =>
    parsed[index] === undefined ? [invalid(`${field}[${index}]`, text, cidrMessage)] : [],
  );
  if (cidrs.length > podCidrsMax) {
    errors.push(invalid(field, cidrs, oneOfEach));
  } else if (cidrs.length === 2 && errors.length === 0 && parsed[0]?.family === parsed[1]?.family) {
    errors.push(invalid(field, cidrs, oneOfEach));
  }
  const repeated = repeats(cidrs);
  return [
    ...errors,
    ...cidrs.flatMap((cidr, index) =>
      repeated[index] ? [duplicate(`${field}[${index}]`, cidr)] : [],
    ),
  ];
}

/** A node's pod ranges and provider are written once. */
export function validateNodeChange({ spec, status }: Node, { spec: old }: Node): FieldError[] {
  const addresses = status?.addresses ?? [];
  const repeated = repeats(addresses.map(({ type, address }) => `${type} ${address}`));
  const errors = addresses.flatMap(({ type, address }, index) => {
    const text = `core.NodeAddress{Type:${JSON.stringify(type)}, Address:${JSON.stringify(address)}}`;
    return repeated[index] ? [duplicate(`status.addresses[${index}]`, shown(text))] : [];
  });
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
