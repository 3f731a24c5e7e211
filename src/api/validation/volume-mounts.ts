import {
  type FieldError,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
} from "../field-error.ts";
import type { Container, Volume, VolumeMount } from "../types.ts";
import { validateLocalPath, validateNoBacksteps } from "./paths.ts";
import { repeats } from "./repeats.ts";
import { validateOptionalWord } from "./words.ts";

const propagations = ["Bidirectional", "HostToContainer", "None"];

/** Where a container sees which volumes. */
export function validateMounts(
  container: Container,
  volumes: readonly Volume[],
  field: string,
): FieldError[] {
  const { volumeMounts: mounts = [], volumeDevices: devices = [] } = container;
  const repeated = repeats(mounts.map(({ mountPath }) => mountPath));
  const volumeNames = new Set(volumes.map((volume) => volume.name));
  const deviceNames = new Set(devices.map((device) => device.name));
  const devicePaths = new Set(devices.map(({ devicePath }) => devicePath));
  return mounts.flatMap((mount, index) => {
    const at = `${field}[${index}]`;
    const { name = "", mountPath = "" } = mount;
    return [
      ...(name === "" ? [required(`${at}.name`)] : []),
      ...(volumeNames.has(name) ? [] : [notFound(`${at}.name`, name)]),
      ...(mountPath === "" ? [required(`${at}.mountPath`)] : []),
      ...(repeated[index] ? [invalid(`${at}.mountPath`, mountPath, "must be unique")] : []),
      ...(deviceNames.has(name)
        ? [invalid(`${at}.name`, name, "must not already exist in volumeDevices")]
        : []),
      ...(devicePaths.has(mountPath)
        ? [
            invalid(
              `${at}.mountPath`,
              mountPath,
              "must not already exist as a path in volumeDevices",
            ),
          ]
        : []),
      ...validateSubPath(mount, field, at),
      ...validatePropagation(mount, container, `${field}.mountPropagation`),
      ...validateRecursiveReadOnly(mount, `${field}.recursiveReadOnly`),
    ];
  });
}

/** Kubernetes reports what is wrong with these paths at the list, without the mount's index. */
function validateSubPath(
  { subPath = "", subPathExpr = "" }: VolumeMount,
  list: string,
  field: string,
): FieldError[] {
  return [
    ...validateLocalPath(subPath, `${list}.subPath`),
    ...(subPath !== "" && subPathExpr !== ""
      ? [
          invalid(
            `${field}.subPathExpr`,
            subPathExpr,
            "subPathExpr and subPath are mutually exclusive",
          ),
        ]
      : []),
    ...validateLocalPath(subPathExpr, `${list}.subPathExpr`),
  ];
}

function validatePropagation(
  { mountPropagation }: VolumeMount,
  { securityContext }: Container,
  field: string,
): FieldError[] {
  if (mountPropagation === undefined) return [];
  const detail = "Bidirectional mount propagation is available only to privileged containers";
  return [
    ...validateOptionalWord(mountPropagation, propagations, field),
    ...(mountPropagation === "Bidirectional" && securityContext?.privileged !== true
      ? [forbidden(field, detail)]
      : []),
  ];
}

function validateRecursiveReadOnly(
  { recursiveReadOnly, readOnly, mountPropagation = "None" }: VolumeMount,
  field: string,
): FieldError[] {
  switch (recursiveReadOnly) {
    case undefined:
    case "Disabled":
      return [];
    case "Enabled":
    case "IfPossible":
      return [
        ...(readOnly === true
          ? []
          : [forbidden(field, "may only be specified when readOnly is true")]),
        ...(mountPropagation === "None"
          ? []
          : [
              forbidden(
                field,
                "may only be specified when mountPropagation is None or not specified",
              ),
            ]),
      ];
    default:
      return [notSupported(field, recursiveReadOnly, ["Disabled", "Enabled", "IfPossible"])];
  }
}

/** Where a container finds volumes as raw block devices. */
export function validateDevices(
  { volumeDevices: devices = [], volumeMounts: mounts = [] }: Container,
  volumes: readonly Volume[],
  field: string,
): FieldError[] {
  const repeatedNames = repeats(devices.map(({ name }) => name));
  const repeatedPaths = repeats(devices.map(({ devicePath }) => devicePath));
  const mountNames = new Set(mounts.map((mount) => mount.name));
  const mountPaths = new Set(mounts.map(({ mountPath }) => mountPath));
  // Of two volumes of one name the first counts: the later one wins in a map.
  const volumesByName = new Map(volumes.toReversed().map((volume) => [volume.name, volume]));
  return devices.flatMap((device, index) => {
    const at = `${field}[${index}]`;
    const { name = "", devicePath = "" } = device;
    return [
      ...(name === "" ? [required(`${at}.name`)] : []),
      ...(repeatedNames[index] ? [invalid(`${at}.name`, name, "must be unique")] : []),
      ...validateDeviceVolume(name, volumesByName.get(name), `${at}.name`),
      ...(devicePath === "" ? [required(`${at}.devicePath`)] : []),
      ...(repeatedPaths[index] ? [invalid(`${at}.devicePath`, devicePath, "must be unique")] : []),
      ...(validateNoBacksteps(devicePath, at).length > 0
        ? [invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')")]
        : []),
      ...(mountNames.has(name)
        ? [invalid(`${at}.name`, name, "must not already exist in volumeMounts")]
        : []),
      ...(mountPaths.has(devicePath)
        ? [
            invalid(
              `${at}.devicePath`,
              devicePath,
              "must not already exist as a path in volumeMounts",
            ),
          ]
        : []),
    ];
  });
}

function validateDeviceVolume(
  name: string,
  volume: Volume | undefined,
  field: string,
): FieldError[] {
  if (volume === undefined) return [notFound(field, name)];
  const detail =
    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
  return volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined
    ? [invalid(field, name, detail)]
    : [];
}
