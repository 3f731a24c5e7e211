import { type FieldError, forbidden, invalid, invalidEach, required } from "../field-error.ts";
import { nanosOf } from "../quantity.ts";
import type { Quantity, ResourceRequirements } from "../types.ts";
import { notNegative, qualifiedName } from "./names.ts";

type ResourceList = Readonly<Record<string, Quantity>>;

/** What a container needs at least, and may use at most. */
export function validateResources(
  { limits = {}, requests = {} }: ResourceRequirements,
  field: string,
): FieldError[] {
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const hasCompute = names.some((name) => name === "cpu" || name === "memory");
  return [
    ...validateResourceList(limits, `${field}.limits`),
    ...Object.entries(requests).flatMap(([name, amount]) => [
      ...validateEntry(name, amount, `${field}.requests[${name}]`),
      ...validateRequest(name, amount, limits, field),
    ]),
    ...(!hasCompute && names.some(isHugePages)
      ? [forbidden(field, "HugePages require cpu or memory")]
      : []),
  ];
}

/** Amounts of resources by name. */
export function validateResourceList(list: ResourceList, field: string): FieldError[] {
  return Object.entries(list).flatMap(([name, amount]) =>
    validateEntry(name, amount, `${field}[${name}]`),
  );
}

function validateEntry(name: string, amount: Quantity, field: string): FieldError[] {
  return [
    ...validateName(name, field),
    ...validateAmount(name, amount, field),
    ...(isHugePages(name) ? validatePages(name, amount, field) : []),
  ];
}

const standardNames = new Set([
  "configmaps",
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "persistentvolumeclaims",
  "pods",
  "replicationcontrollers",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
  "requests.storage",
  "resourcequotas",
  "secrets",
  "services",
  "services.loadbalancers",
  "services.nodeports",
  "storage",
]);

function validateName(name: string, field: string): FieldError[] {
  const errors = invalidEach(field, name, qualifiedName(name));
  if (!name.includes("/")) {
    if (isOfContainers(name)) return errors;
    if (errors.length === 0 && !standardNames.has(name)) {
      errors.push(invalid(field, name, "must be a standard resource type or fully qualified"));
    }
    return [...errors, invalid(field, name, "must be a standard resource for containers")];
  }
  return isNative(name) || isExtended(name)
    ? errors
    : [...errors, invalid(field, name, "doesn't follow extended resource name standard")];
}

function isOfContainers(name: string): boolean {
  return ["cpu", "memory", "ephemeral-storage"].includes(name) || isHugePages(name);
}

const hugePagesPrefix = "hugepages-";

function isHugePages(name: string): boolean {
  return name.startsWith(hugePagesPrefix);
}

/** Kubernetes knows the resource; others belong to device plugins and are counted in whole pieces. */
function isNative(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

function isExtended(name: string): boolean {
  return (
    !isNative(name) &&
    !name.startsWith("requests.") &&
    qualifiedName(`requests.${name}`).length === 0
  );
}

/** More can be promised than there is, since not all use it at once. */
function isOvercommitAllowed(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

const nanosOfOne = 1_000_000_000n;

/** An amount that a resource can have. */
export function validateAmount(name: string, amount: Quantity, field: string): FieldError[] {
  const nanos = nanosOf(amount) ?? 0n;
  return [
    ...(nanos < 0n ? [invalid(field, String(amount), notNegative)] : []),
    ...((name === "pods" || isExtended(name)) && nanos % nanosOfOne !== 0n
      ? [invalid(field, String(amount), "must be an integer")]
      : []),
  ];
}

function validatePages(name: string, amount: Quantity, field: string): FieldError[] {
  const size = nanosOf(name.slice(hugePagesPrefix.length)) ?? 0n;
  const nanos = nanosOf(amount) ?? 0n;
  return size > 0n && nanos % size === 0n
    ? []
    : [invalid(field, String(amount), `${amount} is not positive integer multiple of ${name}`)];
}

function validateRequest(
  name: string,
  request: Quantity,
  limits: ResourceList,
  field: string,
): FieldError[] {
  const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
  if (limit === undefined) {
    return isOvercommitAllowed(name)
      ? []
      : [required(`${field}.limits`, "Limit must be set for non overcommitable resources")];
  }
  const wanted = nanosOf(request) ?? 0n;
  const most = nanosOf(limit) ?? 0n;
  const at = `${field}.requests`;
  if (wanted !== most && !isOvercommitAllowed(name)) {
    return [invalid(at, String(request), `must be equal to ${name} limit of ${limit}`)];
  }
  return wanted > most
    ? [invalid(at, String(request), `must be less than or equal to ${name} limit of ${limit}`)]
    : [];
}
