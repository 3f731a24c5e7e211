import { type FieldError, invalid } from "../field-error.ts";

/** A path below some directory, which it cannot leave. */
export function validateLocalPath(path: string, field: string): FieldError[] {
  return [
    ...(path.startsWith("/") ? [invalid(field, path, "must be a relative path")] : []),
    ...validateNoBacksteps(path, field),
  ];
}

/** A path that never goes up. */
export function validateNoBacksteps(path: string, field: string): FieldError[] {
  return path.split("/").includes("..") ? [invalid(field, path, "must not contain '..'")] : [];
}

/** The same, and without the names that the kubelet's own links have. */
export function validateLocalNonReservedPath(path: string, field: string): FieldError[] {
  const isReserved = path.startsWith("..") && !path.startsWith("../");
  return [
    ...validateLocalPath(path, field),
    ...(isReserved ? [invalid(field, path, "must not start with '..'")] : []),
  ];
}
