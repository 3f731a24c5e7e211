import { familyOf } from "../../lib/ip.ts";
import { duplicate, type FieldError, forbidden, invalid, required } from "../field-error.ts";
import { headlessIp, isHeadless, needsHealthCheckPort } from "../service-facts.ts";
import type { Service } from "../types.ts";
import { immutable } from "./names.ts";
import { validateIp } from "./network.ts";
import { repeats } from "./repeats.ts";
import { validateOptionalWord } from "./words.ts";

const families = ["IPv4", "IPv6"];
const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
/** One address for each family. */
const clusterIpsMax = 2;

const clusterIpsField = "spec.clusterIPs";
const familiesField = "spec.ipFamilies";
const policyField = "spec.ipFamilyPolicy";

/** clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy, each and together. Runs before the allocation, too. */
export function validateServiceFamilies(service: Service): FieldError[] {
  const { type, ipFamilies = [], ipFamilyPolicy } = service.spec ?? {};
  if (type === "ExternalName") return [];
  const repeated = repeats(ipFamilies);
  return [
    ...validateInStep(service),
    ...ipFamilies.flatMap((family, index) => [
      ...validateOptionalWord(family, families, `${familiesField}[${index}]`),
      ...(repeated[index] ? [duplicate(`${familiesField}[${index}]`, family)] : []),
    ]),
    ...validateOptionalWord(ipFamilyPolicy, policies, policyField),
    ...validateClusterIps(service),
  ];
}

/** The singular field always says what the plural one begins with. */
function validateInStep({ spec }: Service): FieldError[] {
  const { clusterIP = "", clusterIPs = [] } = spec ?? {};
  if (clusterIP === "") {
    return clusterIPs.length === 0
      ? []
      : [invalid(clusterIpsField, clusterIPs, "must be empty when `clusterIP` is not specified")];
  }
  if (clusterIPs.length === 0) return [required(clusterIpsField)];
  return clusterIPs[0] === clusterIP
    ? []
    : [invalid(clusterIpsField, clusterIPs, "first value must match `clusterIP`")];
}

function validateClusterIps(service: Service): FieldError[] {
  const { clusterIPs = [], ipFamilies = [] } = service.spec ?? {};
  const malformed = [
    ...(clusterIPs[0] === headlessIp && clusterIPs.length > 1
      ? [invalid(clusterIpsField, clusterIPs, "'None' must be the first and only value")]
      : []),
    ...clusterIPs.flatMap((ip, index) =>
      index === 0 && ip === headlessIp ? [] : validateIp(ip, `${clusterIpsField}[${index}]`),
    ),
  ];
  const errors = [...malformed];
  if (clusterIPs.length > clusterIpsMax) {
    errors.push(
      invalid(clusterIpsField, clusterIPs, `may only hold up to ${clusterIpsMax} values`),
    );
  }
  // Rules about families would only repeat what is wrong with malformed addresses.
  if (malformed.length > 0) return errors;
  const actual = clusterIPs.map((ip) => familyOf(ip));
  if (clusterIPs.length > 1 && new Set(actual).size < actual.length) {
    errors.push(
      invalid(clusterIpsField, clusterIPs, "may specify no more than one IP for each IP family"),
    );
  }
  if (isHeadless(service)) return errors;
  for (const [index, ip] of clusterIPs.entries()) {
    const family = ipFamilies[index];
    if (family === undefined || !families.includes(family) || family === actual[index]) continue;
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    errors.push(invalid(`${clusterIpsField}[${index}]`, ip, detail));
  }
  return errors;
}

const fixed = "may not change once set";

/** The first address and family stay; a second may come and go. ExternalName has none, so everything may change. */
export function validateServiceChange(next: Service, old: Service): FieldError[] {
  const errors: FieldError[] = [];
  if (next.spec?.type !== "ExternalName" && old.spec?.type !== "ExternalName") {
    const nextIsHeadless = isHeadless(next);
    const oldIsHeadless = isHeadless(old);
    if (!nextIsHeadless || !oldIsHeadless) errors.push(...clusterIpsChange(next, old));
    if (!nextIsHeadless && !oldIsHeadless) errors.push(...familiesChange(next, old));
  }
  if (next.spec?.type === "LoadBalancer" && old.spec?.type === "LoadBalancer") {
    const { loadBalancerClass } = next.spec;
    if (loadBalancerClass !== old.spec.loadBalancerClass) {
      errors.push(invalid("spec.loadBalancerClass", loadBalancerClass, fixed));
    }
  }
  if (needsHealthCheckPort(next) && needsHealthCheckPort(old)) {
    if (next.spec?.healthCheckNodePort !== old.spec?.healthCheckNodePort) {
      errors.push(forbidden("spec.healthCheckNodePort", immutable));
    }
  }
  return errors;
}

function clusterIpsChange({ spec }: Service, { spec: old }: Service): FieldError[] {
  const next = spec?.clusterIPs ?? [];
  const before = old?.clusterIPs ?? [];
  if (next.length === before.length) {
    return next.flatMap((ip, index) =>
      ip === before[index] ? [] : [invalid(`${clusterIpsField}[${index}]`, next, fixed)],
    );
  }
  const errors: FieldError[] = [];
  if (next.length === 0) {
    const detail = "primary clusterIP can not be unset";
    errors.push(invalid(`${clusterIpsField}[0]`, next, detail));
  } else if (before.length > 0 && next[0] !== before[0]) {
    errors.push(invalid(`${clusterIpsField}[0]`, next, fixed));
  }
  if (next.length === 1 && before.length > 1 && spec?.ipFamilyPolicy !== "SingleStack") {
    const detail = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(invalid(policyField, spec?.ipFamilyPolicy, detail));
  }
  return errors;
}

function familiesChange({ spec }: Service, { spec: old }: Service): FieldError[] {
  const next = spec?.ipFamilies ?? [];
  const before = old?.ipFamilies ?? [];
  const refused = (detail: string) => refusedFamilies(next, detail);
  if (next.length === before.length) {
    return next.flatMap((family, index) => (family === before[index] ? [] : [refused(fixed)]));
  }
  const errors: FieldError[] = [];
  if (next.length < before.length && (spec?.clusterIPs ?? []).length === 0) {
    errors.push(refused("primary ipFamily can not be unset"));
  }
  if (next.length > 0 && before.length > 0 && next[0] !== before[0]) {
    errors.push(refused(fixed));
  }
  if (next.length === 1 && before.length > 1 && spec?.ipFamilyPolicy !== "SingleStack") {
    const detail = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(invalid(policyField, spec?.ipFamilyPolicy, detail));
  }
  return errors;
}

/** The list has a type of its own in Go, and Kubernetes shows it. */
function refusedFamilies(families: readonly string[], detail: string): FieldError {
  const list = families.map((family) => JSON.stringify(family)).join(", ");
  return {
    reason: "FieldValueInvalid",
    field: `${familiesField}[0]`,
    message: `Invalid value: []core.IPFamily{${list}}: ${detail}`,
  };
}
