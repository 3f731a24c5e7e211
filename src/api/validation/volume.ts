import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  required,
} from "../field-error.ts";
import { nanosOf } from "../quantity.ts";
import type {
  DownwardAPIVolumeFile,
  HostPathVolumeSource,
  KeyToPath,
  NFSVolumeSource,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  Volume,
} from "../types.ts";
import { validateFieldRef, validateResourceRef } from "./field-reference.ts";
import { dnsLabel } from "./names.ts";
import { validateLocalNonReservedPath, validateNoBacksteps } from "./paths.ts";
import { repeats } from "./repeats.ts";
import { validateOptionalWord } from "./words.ts";

/** What is wrong with each of a pod's volumes. One with mistakes is no volume: who mounts it does not find it. */
export function validateVolumes(volumes: readonly Volume[], field: string): FieldError[][] {
  const repeated = repeats(volumes.map(({ name }) => name));
  return volumes.map((volume, index) => {
    const at = `${field}[${index}]`;
    const { name = "" } = volume;
    return [
      ...validateSource(volume, at),
      ...(name === "" ? [required(`${at}.name`)] : invalidEach(`${at}.name`, name, dnsLabel(name))),
      ...(repeated[index] ? [duplicate(`${at}.name`, name)] : []),
    ];
  });
}

/** The order in which Kubernetes looks for sources: of several, all but the first are one too many. */
const sourceOrder = [
  "emptyDir",
  "hostPath",
  "secret",
  "nfs",
  "persistentVolumeClaim",
  "downwardAPI",
];

/** A volume has exactly one source; of the many kinds, those are looked into that a node here can mount. */
function validateSource(volume: Volume, field: string): FieldError[] {
  const given = Object.entries(volume)
    .filter(([name, source]) => name !== "name" && source !== undefined)
    .map(([name]) => name);
  const [first, ...others] = [
    ...sourceOrder.filter((name) => given.includes(name)),
    ...given.filter((name) => !sourceOrder.includes(name)),
  ];
  if (first === undefined) return [required(field, "must specify a volume type")];
  return [
    ...validateFirstSource(volume, first, `${field}.${first}`),
    ...others.map((name) =>
      forbidden(`${field}.${name}`, "may not specify more than 1 volume type"),
    ),
  ];
}

function validateFirstSource(volume: Volume, name: string, field: string): FieldError[] {
  const { emptyDir, configMap, secret, hostPath, projected, nfs, downwardAPI } = volume;
  switch (name) {
    case "emptyDir":
      return (nanosOf(emptyDir?.sizeLimit) ?? 0n) >= 0n
        ? []
        : [forbidden(`${field}.sizeLimit`, "SizeLimit field must be a valid resource quantity")];
    case "configMap":
      return [
        ...(configMap?.name ? [] : [required(`${field}.name`)]),
        ...validateMode(configMap?.defaultMode, `${field}.defaultMode`),
        ...validateItems(configMap?.items, `${field}.items`),
      ];
    case "secret":
      return [
        ...(secret?.secretName ? [] : [required(`${field}.secretName`)]),
        ...validateMode(secret?.defaultMode, `${field}.defaultMode`),
        ...validateItems(secret?.items, `${field}.items`),
      ];
    case "hostPath":
      return hostPath === undefined ? [] : validateHostPath(hostPath, field);
    case "nfs":
      return nfs === undefined ? [] : validateNfs(nfs, field);
    case "persistentVolumeClaim":
      return volume.persistentVolumeClaim?.claimName ? [] : [required(`${field}.claimName`)];
    case "downwardAPI":
      return [
        ...validateMode(downwardAPI?.defaultMode, `${field}.defaultMode`),
        // Kubernetes reports these at the source, without the file's index.
        ...(downwardAPI?.items ?? []).flatMap((file) => validateFile(file, field)),
      ];
    case "projected":
      return projected === undefined ? [] : validateProjected(projected, field);
    default:
      return [];
  }
}

const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

function validateHostPath({ path = "", type = "" }: HostPathVolumeSource, field: string) {
  if (path === "") return [required(`${field}.path`)];
  return [
    ...validateNoBacksteps(path, `${field}.path`),
    ...validateOptionalWord(type, hostPathTypes, `${field}.type`),
  ];
}

function validateNfs({ server = "", path = "" }: NFSVolumeSource, field: string): FieldError[] {
  return [
    ...(server === "" ? [required(`${field}.server`)] : []),
    ...(path === "" ? [required(`${field}.path`)] : []),
    ...(path.startsWith("/") ? [] : [invalid(`${field}.path`, path, "must be an absolute path")]),
  ];
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
      ...(path === "" ? [required(`${at}.path`)] : []),
      ...validateLocalNonReservedPath(path, `${at}.path`),
      ...validateMode(mode, `${at}.mode`),
    ];
  });
}

const fileFields = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];

/** A file that tells something of the pod to its containers. */
function validateFile(file: DownwardAPIVolumeFile, field: string): FieldError[] {
  const { path = "", mode, fieldRef, resourceFieldRef } = file;
  const isDouble = fieldRef !== undefined && resourceFieldRef !== undefined;
  return [
    ...(path === "" ? [required(`${field}.path`)] : []),
    ...validateLocalNonReservedPath(path, `${field}.path`),
    ...(fieldRef === undefined ? [] : validateFieldRef(fieldRef, fileFields, `${field}.fieldRef`)),
    ...(isDouble
      ? [
          invalid(
            field,
            "resource",
            "fieldRef and resourceFieldRef can not be specified simultaneously",
          ),
        ]
      : []),
    ...(fieldRef === undefined && resourceFieldRef !== undefined
      ? validateResourceRef(resourceFieldRef, true, `${field}.resourceFieldRef`)
      : []),
    ...(fieldRef === undefined && resourceFieldRef === undefined
      ? [required(field, "one of fieldRef and resourceFieldRef is required")]
      : []),
    ...validateMode(mode, `${field}.mode`),
  ];
}

/** Several sources in one directory; no two of them may want the same file. */
function validateProjected(
  { defaultMode, sources = [] }: ProjectedVolumeSource,
  field: string,
): FieldError[] {
  const files = sources.flatMap(({ secret, configMap, downwardAPI }) =>
    [
      ...(secret?.items ?? []).map(({ path }) => ({ path, shown: secret?.name ?? "" })),
      ...(configMap?.items ?? []).map(({ path }) => ({ path, shown: configMap?.name ?? "" })),
      ...(downwardAPI?.items ?? []).map(({ path }) => ({ path, shown: path })),
    ].filter(({ path }) => path),
  );
  const repeated = repeats(files.map(({ path }) => path));
  return [
    ...validateMode(defaultMode, `${field}.defaultMode`),
    ...sources.flatMap((source, index) => {
      const at = `${field}.sources[${index}]`;
      const { secret, configMap, downwardAPI, serviceAccountToken } = source;
      return [
        ...(secret === undefined ? [] : validateKeys(secret, `${at}.secret`)),
        ...(configMap === undefined ? [] : validateKeys(configMap, `${at}.configMap`)),
        ...(downwardAPI?.items ?? []).flatMap((file) => validateFile(file, `${at}.downwardAPI`)),
        ...(serviceAccountToken === undefined
          ? []
          : validateToken(serviceAccountToken, field, `${at}.serviceAccountToken`)),
        ...(Object.values(source).filter((one) => one !== undefined).length > 1
          ? [forbidden(at, "may not specify more than 1 volume type per source")]
          : []),
      ];
    }),
    ...files.flatMap(({ shown }, index) =>
      repeated[index] ? [invalid(field, shown, "conflicting duplicate paths")] : [],
    ),
  ];
}

function validateKeys(
  { name, items }: { readonly name?: string; readonly items?: readonly KeyToPath[] },
  field: string,
): FieldError[] {
  return [...(name ? [] : [required(`${field}.name`)]), ...validateItems(items, `${field}.items`)];
}

const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;

/** The path of a token is reported at the volume, as Kubernetes does it. */
function validateToken(
  { expirationSeconds = tokenSecondsMin, path = "" }: ServiceAccountTokenProjection,
  volume: string,
  field: string,
): FieldError[] {
  const at = `${field}.expirationSeconds`;
  return [
    ...(expirationSeconds < tokenSecondsMin
      ? [invalid(at, expirationSeconds, "may not specify a duration less than 10 minutes")]
      : []),
    ...(expirationSeconds > tokenSecondsMax
      ? [invalid(at, expirationSeconds, "may not specify a duration larger than 2^32 seconds")]
      : []),
    ...(path === ""
      ? [required(`${volume}.path`)]
      : validateLocalNonReservedPath(path, `${volume}.path`)),
  ];
}
