import {
  duplicate,
  type FieldError,
  forbidden,
  invalidEach,
  notSupported,
  required,
} from "../field-error.ts";
import type { PodSpec } from "../types.ts";
import { validateAffinity } from "./affinity.ts";
import { validateContainers, validateHostNetworkPorts, validateImagePadding } from "./container.ts";
import { validateDnsConfig } from "./dns-config.ts";
import {
  dnsLabel,
  dnsSubdomain,
  inRange,
  int32Max,
  qualifiedName,
  type TextRule,
} from "./names.ts";
import { validateIp } from "./network.ts";
import { validateLabels } from "./object-meta.ts";
import { repeats } from "./repeats.ts";
import { validateResourceList } from "./resources.ts";
import { validateHostUsers, validatePodSecurity } from "./security-context.ts";
import { validateTolerations } from "./tolerations.ts";
import { validateTopologySpread } from "./topology-spread.ts";
import { validateVolumes } from "./volume.ts";
import { validateWord } from "./words.ts";

const restartPolicies = ["Always", "OnFailure", "Never"];
const dnsPolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const preemptionPolicies = ["PreemptLowerPriority", "Never"];

/** What is wrong with a pod's spec, alone or in a template; a template may leave a little open. */
export function validatePodSpec(
  spec: PodSpec,
  field: string,
  { isPod }: { readonly isPod: boolean },
): FieldError[] {
  const { affinity, preemptionPolicy, os, overhead } = spec;
  const volumeErrors = validateVolumes(spec.volumes ?? [], `${field}.volumes`);
  const volumes = (spec.volumes ?? []).filter((_, index) => volumeErrors[index]?.length === 0);
  return [
    ...volumeErrors.flat(),
    ...validateContainers({ ...spec, volumes }, field),
    ...validateHostNetworkPorts(spec, isPod, field),
    ...validateWord(spec.restartPolicy ?? "", restartPolicies, `${field}.restartPolicy`),
    ...validateWord(spec.dnsPolicy ?? "", dnsPolicies, `${field}.dnsPolicy`),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validatePodSecurity(spec, field),
    ...(affinity === undefined ? [] : validateAffinity(affinity, `${field}.affinity`)),
    ...validateDnsConfig(spec, field),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType = "" }, index) =>
      invalidEach(
        `${field}.readinessGates[${index}].conditionType`,
        conditionType,
        qualifiedName(conditionType),
      ),
    ),
    ...validateGates(spec, `${field}.schedulingGates`),
    ...validateTopologySpread(
      spec.topologySpreadConstraints ?? [],
      `${field}.topologySpreadConstraints`,
    ),
    ...validateHostUsers(spec, field),
    ...validateName(spec.serviceAccountName, dnsSubdomain, `${field}.serviceAccountName`),
    ...validateName(spec.nodeName, dnsSubdomain, `${field}.nodeName`),
    ...validateDeadline(spec, `${field}.activeDeadlineSeconds`),
    ...validateName(spec.hostname, dnsLabel, `${field}.hostname`),
    ...validateName(spec.subdomain, dnsLabel, `${field}.subdomain`),
    ...validateTolerations(spec.tolerations ?? [], `${field}.tolerations`),
    ...validateHostAliases(spec, field),
    ...validateName(spec.priorityClassName, dnsSubdomain, `${field}.priorityClassName`),
    ...validateName(spec.runtimeClassName, dnsSubdomain, `${field}.runtimeClassName`),
    ...(preemptionPolicy === undefined
      ? []
      : validateWord(preemptionPolicy, preemptionPolicies, `${field}.preemptionPolicy`)),
    ...(overhead === undefined ? [] : validateResourceList(overhead, `${field}.overhead.limits`)),
    ...(os === undefined ? [] : validateOs(os.name, `${field}.os`)),
  ];
}

function validateName(name: string | undefined, rule: TextRule, field: string): FieldError[] {
  return name ? invalidEach(field, name, rule(name)) : [];
}

function validateGates({ schedulingGates = [] }: PodSpec, field: string): FieldError[] {
  const repeated = repeats(schedulingGates.map(({ name }) => name));
  return schedulingGates.flatMap(({ name = "" }, index) => [
    ...invalidEach(`${field}[${index}]`, name, qualifiedName(name)),
    ...(repeated[index] ? [duplicate(`${field}[${index}]`, name)] : []),
  ]);
}

function validateDeadline({ activeDeadlineSeconds: deadline }: PodSpec, field: string) {
  return deadline === undefined ? [] : invalidEach(field, deadline, inRange(deadline, 1, int32Max));
}

function validateHostAliases({ hostAliases = [] }: PodSpec, field: string): FieldError[] {
  return hostAliases.flatMap(({ ip = "", hostnames = [] }, index) => {
    const at = `${field}.hostAliases[${index}]`;
    return [
      ...validateIp(ip, `${at}.ip`),
      ...hostnames.flatMap((name, position) =>
        invalidEach(`${at}.hostnames[${position}]`, name, dnsSubdomain(name)),
      ),
    ];
  });
}

const systems = ["linux", "windows"];

function validateOs(name: string, field: string): FieldError[] {
  if (!name) return [required(`${field}.name`, "cannot be empty")];
  return systems.includes(name) ? [] : [notSupported(field, name, systems)];
}

/** Rules for pods of their own, new or changed: a template may still be filled in. */
export function validatePodImages(spec: PodSpec): FieldError[] {
  return [
    ...validateImagePadding(spec.containers ?? [], "spec.containers"),
    ...validateImagePadding(spec.initContainers ?? [], "spec.initContainers"),
  ];
}

/** Rules for new pods. */
export function validateNewPodSpec(spec: PodSpec): FieldError[] {
  return [
    ...((spec.ephemeralContainers ?? []).length > 0
      ? [forbidden("spec.ephemeralContainers", "cannot be set on create")]
      : []),
    ...(spec.nodeName && (spec.schedulingGates ?? []).length > 0
      ? [forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")]
      : []),
  ];
}
