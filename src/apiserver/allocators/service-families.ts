import { type FieldError, invalid } from "../../api/field-error.ts";
import { headlessIp, sameList } from "../../api/service-facts.ts";
import type { Service, ServiceSpec } from "../../api/types.ts";
import { validateServiceFamilies } from "../../api/validation/service-families.ts";
import { familyOf } from "../../lib/ip.ts";

export interface FamiliesResult {
  readonly spec: ServiceSpec;
  readonly errors: readonly FieldError[];
}

/** The address families of the cluster, the primary one first. */
export type ClusterFamilies = readonly string[];

const policyField = "spec.ipFamilyPolicy";

/**
 * Fills in ipFamilyPolicy and ipFamilies, and checks them against the cluster and the old Service.
 *
 * A Service never changes between one and two families unless the request says so: neither because the cluster
 * changed, nor because an older client left the fields out (KEP-563).
 */
export function withFamilies(
  service: Service,
  old: Service | undefined,
  cluster: ClusterFamilies,
): FamiliesResult {
  const given = service.spec ?? {};
  if (given.type === "ExternalName" || keepsPreferDualStack(service, old)) {
    return { spec: given, errors: [] };
  }
  const policy = given.ipFamilyPolicy ?? defaultPolicy(given, old);
  let spec: ServiceSpec = { ...given, ipFamilyPolicy: policy };
  const malformed = validateServiceFamilies({ ...service, spec });
  if (malformed.length > 0) return { spec, errors: malformed };

  const errors: FieldError[] = [];
  if (old?.spec !== undefined) {
    if (policy === "SingleStack") spec = withoutSecond(spec, old.spec);
    else errors.push(...reductionErrors(spec, old.spec));
  }
  if (policy === "SingleStack") errors.push(...surplusErrors(spec));

  const inferred = inferFamilies(spec, cluster);
  errors.push(...inferred.errors);
  if (errors.length > 0) return { spec, errors };
  const ipFamilies = inferred.families;
  const primary = cluster[0] ?? "IPv4";

  // Whoever publishes the endpoints of a headless Service by hand may use both families on any cluster.
  if (isSelectorless(spec)) {
    const all = ipFamilies.length === 0 ? [primary] : ipFamilies;
    return { spec: { ...spec, ipFamilies: withSecond(all, policy) }, errors };
  }

  if (policy === "RequireDualStack" && cluster.length < 2) {
    const detail = "this cluster is not configured for dual-stack services";
    errors.push(invalid(policyField, policy, detail));
  }
  for (const [index, family] of ipFamilies.entries()) {
    if (cluster.includes(family)) continue;
    errors.push(invalid(`spec.ipFamilies[${index}]`, family, "not configured on this cluster"));
  }
  if (errors.length > 0) return { spec, errors };
  const chosen = ipFamilies.length === 0 ? [primary] : ipFamilies;
  const families = cluster.length === 2 ? withSecond(chosen, policy) : chosen;
  return { spec: { ...spec, ipFamilies: families }, errors };
}

function isSelectorless({ clusterIP, selector }: ServiceSpec): boolean {
  return clusterIP === headlessIp && Object.keys(selector ?? {}).length === 0;
}

function defaultPolicy(spec: ServiceSpec, old: Service | undefined): string {
  const before = old?.spec?.ipFamilyPolicy;
  if (before !== undefined) return before;
  return isSelectorless(spec) ? "RequireDualStack" : "SingleStack";
}

const withAddress: ReadonlySet<string | undefined> = new Set([
  "ClusterIP",
  "LoadBalancer",
  "NodePort",
]);

/** Whether a PreferDualStack Service stays just as it was; then the cluster is not asked either. */
export function keepsPreferDualStack({ spec }: Service, old: Service | undefined): boolean {
  const before = old?.spec;
  return (
    before !== undefined &&
    spec?.ipFamilyPolicy === "PreferDualStack" &&
    (before.ipFamilyPolicy ?? "PreferDualStack") === "PreferDualStack" &&
    spec.type === before.type &&
    withAddress.has(spec.type) &&
    sameList(spec.clusterIPs, before.clusterIPs) &&
    sameList(spec.ipFamilies, before.ipFamilies)
  );
}

/** The policy SingleStack says it all: the second address and family go, if the request left them as they were. */
function withoutSecond(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const { clusterIPs = [], ipFamilies = [] } = spec;
  return {
    ...spec,
    ...(clusterIPs.length > 1 && sameList(clusterIPs, old.clusterIPs)
      ? { clusterIPs: clusterIPs.slice(0, 1) }
      : {}),
    ...(ipFamilies.length > 1 && sameList(ipFamilies, old.ipFamilies)
      ? { ipFamilies: ipFamilies.slice(0, 1) }
      : {}),
  };
}

function reductionErrors(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const isReduced = (next: readonly string[] = [], before: readonly string[] = []) =>
    next.length > 0 && next.length < before.length;
  const error = (what: string) =>
    invalid(
      policyField,
      spec.ipFamilyPolicy,
      `must be 'SingleStack' to release the secondary ${what}`,
    );
  return [
    ...(isReduced(spec.clusterIPs, old.clusterIPs) ? [error("cluster IP")] : []),
    ...(isReduced(spec.ipFamilies, old.ipFamilies) ? [error("IP family")] : []),
  ];
}

function surplusErrors({ clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: ServiceSpec) {
  const error = (what: string) =>
    invalid(
      policyField,
      ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(clusterIPs.length === 2 ? [error("cluster IPs")] : []),
    ...(ipFamilies.length === 2 ? [error("IP families")] : []),
  ];
}

/** Families that the given addresses imply, after those that the request names. */
function inferFamilies(
  { clusterIPs = [], ipFamilies = [] }: ServiceSpec,
  cluster: ClusterFamilies,
): { families: readonly string[]; errors: FieldError[] } {
  const families = [...ipFamilies];
  const errors: FieldError[] = [];
  for (const [index, ip] of clusterIPs.entries()) {
    const family = familyOf(ip);
    if (family === undefined || index < families.length) continue;
    if (cluster.includes(family)) families.push(family);
    else {
      const detail = `${family} is not configured on this cluster`;
      errors.push(invalid(`spec.clusterIPs[${index}]`, clusterIPs, detail));
    }
  }
  return { families, errors };
}

/** Two families where the policy wants or allows them; the given one stays first. */
function withSecond(families: readonly string[], policy: string): readonly string[] {
  if (policy === "SingleStack" || families.length !== 1) return families;
  return [...families, families[0] === "IPv4" ? "IPv6" : "IPv4"];
}
