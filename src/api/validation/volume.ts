import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notFound,
  notSupported,
  required,
} from "../field-error.ts";
import type { KeyToPath, Volume, VolumeMount } from "../types.ts";
import { dnsLabel } from "./names.ts";
import { repeats } from "./repeats.ts";

export function validateVolumes(volumes: readonly Volume[], field: string): FieldError[] {
  const repeated = repeats(volumes.map(({ name }) => name));
  return volumes.flatMap((volume, index) => {
    const at = `${field}[${index}]`;
    const { name = "" } = volume;
    return [
      ...validateSource(volume, at),
      ...(name === ""
        ? [required(`${at}.name`)]
        : repeated[index]
          ? [duplicate(`${at}.name`, name)]
          : invalidEach(`${at}.name`, name, dnsLabel(name))),
    ];
  });
}

/** A volume has exactly one source; of the many kinds, those are looked into that a node here can mount. */
function validateSource(volume: Volume, field: string): FieldError[] {
  const sources = Object.entries(volume)
    .filter(([name, source]) => name !== "name" && source !== undefined)
    .map(([name]) => name);
  const { configMap, secret, hostPath, projected, persistentVolumeClaim } = volume;
  return [
    ...(sources.length === 0 ? [required(field, "must specify a volume type")] : []),
    ...sources
      .slice(1)
      .map((name) => forbidden(`${field}.${name}`, "may not specify more than 1 volume type")),
    ...(configMap === undefined
      ? []
      : [
          ...(configMap.name ? [] : [required(`${field}.configMap.name`)]),
          ...validateMode(configMap.defaultMode, `${field}.configMap.defaultMode`),
          ...validateItems(configMap.items, `${field}.configMap.items`),
        ]),
    ...(secret === undefined
      ? []
      : [
          ...(secret.secretName ? [] : [required(`${field}.secret.secretName`)]),
          ...validateMode(secret.defaultMode, `${field}.secret.defaultMode`),
          ...validateItems(secret.items, `${field}.secret.items`),
        ]),
    ...(hostPath === undefined ? [] : validateHostPath(hostPath.path, `${field}.hostPath.path`)),
    ...(projected === undefined
      ? []
      : validateMode(projected.defaultMode, `${field}.projected.defaultMode`)),
    ...(persistentVolumeClaim !== undefined && !persistentVolumeClaim.claimName
      ? [required(`${field}.persistentVolumeClaim.claimName`)]
      : []),
  ];
}

function validateHostPath(path: string, field: string): FieldError[] {
  if (!path) return [required(field)];
  return path.split("/").includes("..") ? [invalid(field, path, "must not contain '..'")] : [];
}

function validateMode(mode: number | undefined, field: string): FieldError[] {
  return mode === undefined || (mode >= 0 && mode <= 0o777)
    ? []
    : [invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")];
}

function validateItems(items: readonly KeyToPath[] = [], field: string): FieldError[] {
  return items.flatMap(({ key = "", path = "", mode }, index) => {
    const at = `${field}[${index}]`;
    return [
      ...(key === "" ? [required(`${at}.key`)] : []),
      ...(path === "" ? [required(`${at}.path`)] : validateLocalPath(path, `${at}.path`)),
      ...validateMode(mode, `${at}.mode`),
    ];
  });
}

/** A path inside a volume. */
function validateLocalPath(path: string, field: string): FieldError[] {
  return [
    ...(path.startsWith("/") ? [invalid(field, path, "must be a relative path")] : []),
    ...(path.split("/").includes("..") ? [invalid(field, path, "must not contain '..'")] : []),
  ];
}

const propagations = ["Bidirectional", "HostToContainer", "None"];

export function validateMounts(
  mounts: readonly VolumeMount[],
  volumeNames: ReadonlySet<string>,
  field: string,
): FieldError[] {
  const repeated = repeats(mounts.map(({ mountPath }) => mountPath));
  return mounts.flatMap((mount, index) => {
    const at = `${field}[${index}]`;
    const { name = "", mountPath = "", subPath = "", subPathExpr = "", mountPropagation } = mount;
    return [
      ...(name === "" ? [required(`${at}.name`)] : []),
      ...(name !== "" && !volumeNames.has(name) ? [notFound(`${at}.name`, name)] : []),
      ...(mountPath === "" ? [required(`${at}.mountPath`)] : []),
      ...(repeated[index] ? [invalid(`${at}.mountPath`, mountPath, "must be unique")] : []),
      ...validateLocalPath(subPath, `${at}.subPath`),
      ...(subPath !== "" && subPathExpr !== ""
        ? [
            invalid(
              `${at}.subPathExpr`,
              subPathExpr,
              "subPathExpr and subPath are mutually exclusive",
            ),
          ]
        : validateLocalPath(subPathExpr, `${at}.subPathExpr`)),
      ...(mountPropagation === undefined || propagations.includes(mountPropagation)
        ? []
        : [notSupported(`${at}.mountPropagation`, mountPropagation, propagations)]),
    ];
  });
}
