import { type FieldError, invalid, invalidEach, notSupported, required } from "../field-error.ts";
import { nanosOf } from "../quantity.ts";
import type { ObjectFieldSelector, ResourceFieldSelector } from "../types.ts";
import { qualifiedName } from "./names.ts";

/** The fields of a pod that Kubernetes tells to containers at all; each place takes some of them. */
const knownFields: ReadonlySet<string> = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.schedulerName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.phase",
  "status.podIP",
  "status.podIPs",
]);

/** A field of the pod itself, for a variable or a file: one of `allowed`, or one label or annotation. */
export function validateFieldRef(
  { apiVersion = "v1", fieldPath = "" }: ObjectFieldSelector,
  allowed: readonly string[],
  field: string,
): FieldError[] {
  const at = `${field}.fieldPath`;
  if (fieldPath === "") return [required(at)];
  const problem = (text: string) => [invalid(at, fieldPath, `error converting fieldPath: ${text}`)];
  if (apiVersion !== "v1") return problem(`unsupported pod version: ${apiVersion}`);
  const [, map = "", key] = /^(.*)\['(.*)'\]$/.exec(fieldPath) ?? [];
  if (key !== undefined) {
    if (map !== "metadata.annotations" && map !== "metadata.labels") {
      return problem(`field label does not support subscript: ${JSON.stringify(map)}`);
    }
    // Kubernetes reports a bad key at the reference itself.
    const name = map === "metadata.annotations" ? key.toLowerCase() : key;
    return invalidEach(field, name, qualifiedName(name));
  }
  if (!knownFields.has(fieldPath)) return problem(`field label not supported: ${fieldPath}`);
  return allowed.includes(fieldPath) ? [] : [notSupported(at, fieldPath, allowed)];
}

const amounts = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

const units = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/** An amount of a container, for a variable or a file; a file must say of which container. */
export function validateResourceRef(
  { containerName = "", resource = "", divisor = "0" }: ResourceFieldSelector,
  isFile: boolean,
  field: string,
): FieldError[] {
  if (isFile && containerName === "") return [required(`${field}.containerName`)];
  if (resource === "") return [required(`${field}.resource`)];
  const isPages = /^(limits|requests)\.hugepages-/.test(resource);
  return [
    ...(amounts.includes(resource) || isPages
      ? []
      : [notSupported(`${field}.resource`, resource, amounts)]),
    ...validateDivisor(resource, String(divisor), isPages, `${field}.divisor`),
  ];
}

function validateDivisor(resource: string, divisor: string, isPages: boolean, field: string) {
  if (nanosOf(divisor) === 0n) return [];
  const name = resource.split(".")[1] ?? "";
  if (name === "cpu") {
    return ["1m", "1"].includes(divisor)
      ? []
      : [
          invalid(
            field,
            resource,
            "only divisor's values 1m and 1 are supported with the cpu resource",
          ),
        ];
  }
  const isKnown = isPages || name === "memory" || name === "ephemeral-storage";
  if (!isKnown || units.includes(divisor)) return [];
  const what = isPages ? "hugepages" : name === "memory" ? name : "local ephemeral storage";
  const detail = `only divisor's values ${units.join(", ")} are supported with the ${what} resource`;
  return [invalid(field, resource, detail)];
}
