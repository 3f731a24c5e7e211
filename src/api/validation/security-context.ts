import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  required,
  tooLong,
} from "../field-error.ts";
import type {
  AppArmorProfile,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
} from "../types.ts";
import { bytesOf, dnsSubdomainBytesMax, inRange, int32Max } from "./names.ts";
import { validateLocalPath } from "./paths.ts";
import { repeats } from "./repeats.ts";
import { validateOptionalWord } from "./words.ts";

/** What holds for all containers of a pod, and for the namespaces that they share. */
export function validatePodSecurity(spec: PodSpec, field: string): FieldError[] {
  const { securityContext: context = {}, hostPID = false, shareProcessNamespace = false } = spec;
  const at = `${field}.securityContext`;
  return [
    ...validateIds(context, ["fsGroup", "runAsUser", "runAsGroup"], at),
    ...(context.supplementalGroups ?? []).flatMap((id, index) =>
      invalidEach(`${at}.supplementalGroups[${index}]`, id, inRange(id, 0, int32Max)),
    ),
    ...(hostPID && shareProcessNamespace
      ? [
          invalid(
            `${at}.shareProcessNamespace`,
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
          ),
        ]
      : []),
    ...validateSysctls(context.sysctls ?? [], spec, `${at}.sysctls`),
    ...validateOptionalWord(
      context.fsGroupChangePolicy,
      ["Always", "OnRootMismatch"],
      `${at}.fsGroupChangePolicy`,
    ),
    ...validateSeccomp(context.seccompProfile, `${at}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${at}.appArmorProfile`),
    ...validateOptionalWord(
      context.supplementalGroupsPolicy,
      ["Merge", "Strict"],
      `${at}.supplementalGroupsPolicy`,
    ),
    ...validateOptionalWord(
      context.seLinuxChangePolicy,
      ["MountOption", "Recursive"],
      `${at}.seLinuxChangePolicy`,
    ),
  ];
}

/** A pod with users of its own cannot share the other namespaces of the host. */
export function validateHostUsers(spec: PodSpec, field: string): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const detail = "when `pod.Spec.HostUsers` is false";
  return [
    ...(spec.hostNetwork === true ? [forbidden(`${field}.hostNetwork`, detail)] : []),
    ...(spec.hostPID === true ? [forbidden(`${field}.HostPID`, detail)] : []),
    ...(spec.hostIPC === true ? [forbidden(`${field}.HostIPC`, detail)] : []),
  ];
}

/** What one container may do. `hostUsers` says that its users are those of the host. */
export function validateContainerSecurity(
  context: SecurityContext,
  hostUsers: boolean,
  field: string,
): FieldError[] {
  const { privileged, procMount, allowPrivilegeEscalation, capabilities } = context;
  const cannotSet = (what: string) =>
    invalid(field, context, `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
  return [
    ...validateIds(context, ["runAsUser", "runAsGroup"], field),
    ...validateOptionalWord(context.procMount, ["Default", "Unmasked"], `${field}.procMount`),
    ...(hostUsers && procMount === "Unmasked"
      ? [invalid(`${field}.procMount`, procMount, "`hostUsers` must be false to use `Unmasked`")]
      : []),
    ...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...(allowPrivilegeEscalation === false && privileged === true
      ? [cannotSet("`privileged` to true")]
      : []),
    ...(allowPrivilegeEscalation === false && (capabilities?.add ?? []).includes("CAP_SYS_ADMIN")
      ? [cannotSet("`capabilities.Add` CAP_SYS_ADMIN")]
      : []),
    ...validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
  ];
}

function validateIds<K extends "fsGroup" | "runAsUser" | "runAsGroup">(
  context: { readonly [name in K]?: number },
  names: readonly K[],
  field: string,
): FieldError[] {
  return names.flatMap((name) => {
    const id = context[name];
    return id === undefined ? [] : invalidEach(`${field}.${name}`, id, inRange(id, 0, int32Max));
  });
}

const segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const sysctlPattern = new RegExp(`^(${segment}[\\./])*${segment}$`);

/** Kernel parameters that belong to a network or IPC namespace, by the beginnings of their names. */
const networkSysctls = ["net."];
const ipcSysctls = ["kernel.sem", "kernel.shm", "kernel.msg", "fs.mqueue."];

function validateSysctls(
  sysctls: readonly Sysctl[],
  { hostNetwork = false, hostIPC = false }: PodSpec,
  field: string,
): FieldError[] {
  const names = sysctls.map(({ name = "" }) => name);
  const repeated = repeats(names);
  return names.flatMap((name, index) => {
    const at = `${field}[${index}].name`;
    const dotted = name.replaceAll("/", ".");
    const isOf = (beginnings: readonly string[]) =>
      beginnings.some((one) => dotted.startsWith(one));
    return [
      ...validateSysctlName(name, repeated[index] ?? false, at),
      ...(hostNetwork && isOf(networkSysctls)
        ? [invalid(at, name, "may not be specified when 'hostNetwork' is true")]
        : []),
      ...(hostIPC && isOf(ipcSysctls)
        ? [invalid(at, name, "may not be specified when 'hostIPC' is true")]
        : []),
    ];
  });
}

function validateSysctlName(name: string, isRepeated: boolean, field: string): FieldError[] {
  if (name === "") return [required(field)];
  if (name.length > dnsSubdomainBytesMax || !sysctlPattern.test(name)) {
    const detail = `must have at most ${dnsSubdomainBytesMax} characters and match regex ^(${segment}[\\./])*${segment}$`;
    return [invalid(field, name, detail)];
  }
  return isRepeated ? [duplicate(field, name)] : [];
}

const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"];

function validateSeccomp(profile: SeccompProfile | undefined, field: string): FieldError[] {
  if (profile === undefined) return [];
  const { type = "", localhostProfile } = profile;
  const at = `${field}.localhostProfile`;
  return [
    ...validateProfileType(type, "type is required when seccompProfile is set", field),
    ...(type === "Localhost"
      ? localhostProfile === undefined
        ? [required(at, "must be set when seccomp type is Localhost")]
        : validateLocalPath(localhostProfile, at)
      : localhostProfile === undefined
        ? []
        : [invalid(at, profile, "can only be set when seccomp type is Localhost")]),
  ];
}

/** Longest path of Linux (PATH_MAX), without the zero at its end. */
const profileBytesMax = 4095;

function validateAppArmor(profile: AppArmorProfile | undefined, field: string): FieldError[] {
  if (profile === undefined) return [];
  const { type = "", localhostProfile } = profile;
  const at = `${field}.localhostProfile`;
  if (type === "Localhost") {
    const name = localhostProfile ?? "";
    if (name !== name.trim()) return [invalid(at, name, "must not be padded with whitespace")];
    if (name === "") return [required(at, "must be set when AppArmor type is Localhost")];
    return bytesOf(name) > profileBytesMax ? [tooLong(at, profileBytesMax)] : [];
  }
  const errors = validateProfileType(type, "type is required when appArmorProfile is set", field);
  return errors.length > 0 || localhostProfile === undefined
    ? errors
    : [invalid(at, localhostProfile, "can only be set when AppArmor type is Localhost")];
}

function validateProfileType(type: string, whenAbsent: string, field: string): FieldError[] {
  return type === ""
    ? [required(`${field}.type`, whenAbsent)]
    : validateOptionalWord(type, profileTypes, `${field}.type`);
}
