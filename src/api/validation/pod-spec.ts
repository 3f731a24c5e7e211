import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  required,
} from "../field-error.ts";
import type { PodDNSConfig, PodSpec, Toleration, TopologySpreadConstraint } from "../types.ts";
import { validateContainers, validateWord } from "./container.ts";
import {
  dnsLabel,
  dnsSubdomain,
  dnsSubdomainBytesMax,
  inRange,
  labelValueRule,
  qualifiedName,
} from "./names.ts";
import { validateIp } from "./network.ts";
import { validateLabels } from "./object-meta.ts";
import { validateVolumes } from "./volume.ts";

/** Name servers, search domains and characters of them all that resolvers are sure to take. */
const nameserversMax = 3;
const searchesMax = 32;
const searchCharactersMax = 2048;

const secondsMax = 2 ** 31 - 1;

const restartPolicies = ["Always", "Never", "OnFailure"];
const dnsPolicies = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];

/** What is wrong with a pod's spec, alone or in a template. */
export function validatePodSpec(spec: PodSpec, field: string): FieldError[] {
  const { activeDeadlineSeconds, preemptionPolicy } = spec;
  return [
    ...validateVolumes(spec.volumes ?? [], `${field}.volumes`),
    ...validateContainers(spec, field),
    ...validateWord(spec.restartPolicy ?? "", restartPolicies, `${field}.restartPolicy`),
    ...validateWord(spec.dnsPolicy ?? "", dnsPolicies, `${field}.dnsPolicy`),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validateName(spec.serviceAccountName, dnsSubdomain, `${field}.serviceAccountName`),
    ...validateName(spec.nodeName, dnsSubdomain, `${field}.nodeName`),
    ...validateName(spec.hostname, dnsLabel, `${field}.hostname`),
    ...validateName(spec.subdomain, dnsLabel, `${field}.subdomain`),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name ? [] : [required(`${field}.imagePullSecrets[${index}].name`)],
    ),
    ...(activeDeadlineSeconds === undefined
      ? []
      : invalidEach(
          `${field}.activeDeadlineSeconds`,
          activeDeadlineSeconds,
          inRange(activeDeadlineSeconds, 1, secondsMax),
        )),
    ...validateUserIds(spec, field),
    ...(spec.tolerations ?? []).flatMap((one, index) =>
      validateToleration(one, `${field}.tolerations[${index}]`),
    ),
    ...validateHostAliases(spec, field),
    ...validateDnsConfig(spec, field),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType = "" }, index) =>
      invalidEach(
        `${field}.readinessGates[${index}].conditionType`,
        conditionType,
        qualifiedName(conditionType),
      ),
    ),
    ...(spec.topologySpreadConstraints ?? []).flatMap((one, index) =>
      validateSpread(one, `${field}.topologySpreadConstraints[${index}]`),
    ),
    ...(preemptionPolicy === undefined
      ? []
      : validateWord(
          preemptionPolicy,
          ["Never", "PreemptLowerPriority"],
          `${field}.preemptionPolicy`,
        )),
  ];
}

function validateName(
  name: string | undefined,
  rule: (text: string) => string[],
  field: string,
): FieldError[] {
  return name ? invalidEach(field, name, rule(name)) : [];
}

function validateUserIds({ securityContext = {} }: PodSpec, field: string): FieldError[] {
  return (["fsGroup", "runAsUser", "runAsGroup"] as const).flatMap((name) => {
    const id = securityContext[name];
    return id === undefined
      ? []
      : invalidEach(`${field}.securityContext.${name}`, id, inRange(id, 0, secondsMax));
  });
}

const effects = ["NoExecute", "NoSchedule", "PreferNoSchedule"];

function validateToleration(toleration: Toleration, field: string): FieldError[] {
  const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
  const errors = key === "" ? [] : invalidEach(`${field}.key`, key, qualifiedName(key));
  if (key === "" && operator !== "Exists") {
    const detail =
      'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${field}.operator`, operator, detail));
  }
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${field}.effect`, effect, detail));
  }
  if (operator === "" || operator === "Equal") {
    errors.push(...invalidEach(`${field}.operator`, value, labelValueRule(value)));
  } else if (operator !== "Exists") {
    errors.push(notSupported(`${field}.operator`, operator, ["Equal", "Exists"]));
  } else if (value !== "") {
    const detail = "value must be empty when `operator` is 'Exists'";
    errors.push(invalid(`${field}.operator`, toleration, detail));
  }
  if (effect !== "" && !effects.includes(effect)) {
    errors.push(notSupported(`${field}.effect`, effect, effects));
  }
  return errors;
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

function validateDnsConfig({ dnsPolicy, dnsConfig }: PodSpec, field: string): FieldError[] {
  const at = `${field}.dnsConfig`;
  const errors = dnsConfig === undefined ? [] : validateDnsLists(dnsConfig, at);
  if (dnsPolicy !== "None") return errors;
  if (dnsConfig === undefined) {
    errors.push(required(at, "must provide `dnsConfig` when `dnsPolicy` is None"));
  } else if ((dnsConfig.nameservers ?? []).length === 0) {
    const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    errors.push(required(`${at}.nameservers`, detail));
  }
  return errors;
}

function validateDnsLists(config: PodDNSConfig, field: string): FieldError[] {
  const { nameservers = [], searches = [], options = [] } = config;
  const listed = searches.join(" ").length;
  return [
    ...(nameservers.length > nameserversMax
      ? [
          invalid(
            `${field}.nameservers`,
            nameservers,
            `must not have more than ${nameserversMax} nameservers`,
          ),
        ]
      : []),
    ...nameservers.flatMap((ip, index) => validateIp(ip, `${field}.nameservers[${index}]`)),
    ...(searches.length > searchesMax
      ? [
          invalid(
            `${field}.searches`,
            searches,
            `must not have more than ${searchesMax} search paths`,
          ),
        ]
      : []),
    ...(listed > searchCharactersMax
      ? [
          invalid(
            `${field}.searches`,
            searches,
            `must not have more than ${searchCharactersMax} characters (including spaces) in the search list`,
          ),
        ]
      : []),
    ...searches.flatMap((search, index) => validateSearch(search, `${field}.searches[${index}]`)),
    ...options.flatMap(({ name }, index) =>
      name ? [] : [required(`${field}.options[${index}]`, "must not be empty")],
    ),
  ];
}

const underscored = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;

/** A search domain may be the root alone, end in a dot, and hold underscores (KEP-4427). */
function validateSearch(search: string, field: string): FieldError[] {
  const name = search.replace(/\.$/, "");
  const isGood = search === "." || (underscored.test(name) && name.length <= dnsSubdomainBytesMax);
  return isGood ? [] : invalidEach(field, search, dnsSubdomain(name));
}

function validateSpread(constraint: TopologySpreadConstraint, field: string): FieldError[] {
  const { maxSkew = 0, topologyKey = "", whenUnsatisfiable = "" } = constraint;
  return [
    ...(maxSkew > 0 ? [] : [invalid(`${field}.maxSkew`, maxSkew, "must be greater than zero")]),
    ...(topologyKey === ""
      ? [required(`${field}.topologyKey`, "can not be empty")]
      : invalidEach(`${field}.topologyKey`, topologyKey, qualifiedName(topologyKey))),
    ...validateWord(
      whenUnsatisfiable,
      ["DoNotSchedule", "ScheduleAnyway"],
      `${field}.whenUnsatisfiable`,
    ),
  ];
}

/** Rules for pods of their own: in a template these fields mean nothing yet. */
export function validatePodOnly(spec: PodSpec): FieldError[] {
  const gates = (spec.schedulingGates ?? []).map(({ name }) => name);
  return [
    ...((spec.ephemeralContainers ?? []).length > 0
      ? [forbidden("spec.ephemeralContainers", "cannot be set on create")]
      : []),
    ...(spec.nodeName && gates.length > 0
      ? [forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")]
      : []),
    ...gates.flatMap((name, index) =>
      gates.indexOf(name) < index ? [duplicate(`spec.schedulingGates[${index}]`, name)] : [],
    ),
  ];
}
