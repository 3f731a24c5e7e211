import { parseIp } from "../../lib/ip.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  shown,
} from "../field-error.ts";
import type { ContainerStatus, Pod } from "../types.ts";
import { dnsSubdomain, immutable, qualifiedName } from "./names.ts";
import { validateIp } from "./network.ts";
import { repeats } from "./repeats.ts";

/** What a node may not say of a pod that runs there. */
export function validatePodStatus(
  { status = {} }: Pod,
  { spec: oldSpec, status: old = {} }: Pod,
): FieldError[] {
  const { conditions = [], nominatedNodeName = "" } = status;
  const sidecars = new Set(
    (oldSpec?.initContainers ?? [])
      .filter(({ restartPolicy: own }) => own === "Always")
      .map(({ name }) => name),
  );
  const restartPolicy = oldSpec?.restartPolicy ?? "Always";
  return [
    ...conditions.flatMap(({ type = "" }, index) =>
      invalidEach(`metadata.conditions[${index}].Type`, type, qualifiedName(type)),
    ),
    ...(nominatedNodeName !== "" && nominatedNodeName !== old.nominatedNodeName
      ? invalidEach("status.nominatedNodeName", nominatedNodeName, dnsSubdomain(nominatedNodeName))
      : []),
    ...(old.qosClass === undefined || status.qosClass === old.qosClass
      ? []
      : [invalid("status.qosClass", status.qosClass ?? "", immutable)]),
    ...(restartPolicy === "Always"
      ? []
      : [
          ...revivedErrors(status.containerStatuses, old.containerStatuses, {
            field: "status.containerStatuses",
            mayRestart: (_, exitCode) => exitCode !== 0 && restartPolicy === "OnFailure",
          }),
          ...revivedErrors(status.initContainerStatuses, old.initContainerStatuses, {
            field: "status.initContainerStatuses",
            mayRestart: (name, exitCode) =>
              (exitCode !== 0 && restartPolicy === "OnFailure") || sidecars.has(name),
          }),
        ]),
    ...validateIps(status.podIPs ?? [], "PodIP", "status.podIPs"),
    ...validateHostIps(status.hostIP ?? "", status.hostIPs ?? []),
  ];
}

interface RevivalRules {
  readonly field: string;
  mayRestart(name: string, exitCode: number): boolean;
}

/** A container that ended, and that nobody is to start again, stays ended. */
function revivedErrors(
  next: readonly ContainerStatus[] = [],
  old: readonly ContainerStatus[] = [],
  { field, mayRestart }: RevivalRules,
): FieldError[] {
  const alive = new Set(
    next.filter(({ state }) => state?.terminated === undefined).map(({ name }) => name),
  );
  return old.flatMap(({ name, state }, index) => {
    const { terminated } = state ?? {};
    if (terminated === undefined || mayRestart(name, terminated.exitCode)) return [];
    return alive.has(name)
      ? [forbidden(`${field}[${index}].state`, "may not be transitioned to non-terminated state")]
      : [];
  });
}

type Address = { readonly ip: string };

/** At most one address of each family. */
function validateIps(
  addresses: readonly Address[],
  struct: "HostIP" | "PodIP",
  field: string,
): FieldError[] {
  const ips = addresses.map(({ ip }) => ip);
  const textOf = (ip: string) => `core.${struct}{IP:${JSON.stringify(ip)}}`;
  const errors = ips.flatMap((ip, index) => validateIp(ip, `${field}[${index}]`));
  if (errors.length > 0 || ips.length < 2) return errors;
  const families = new Set(ips.map((ip) => parseIp(ip)?.family));
  const repeated = repeats(ips);
  return [
    ...(families.size < ips.length
      ? [
          invalid(
            field,
            shown(`[]core.${struct}{${ips.map(textOf).join(", ")}}`),
            "may specify no more than one IP for each IP family",
          ),
        ]
      : []),
    ...ips.flatMap((ip, index) =>
      repeated[index] ? [duplicate(`${field}[${index}]`, shown(textOf(ip)))] : [],
    ),
  ];
}

function validateHostIps(hostIp: string, hostIps: readonly Address[]): FieldError[] {
  const [first] = hostIps;
  if (first === undefined) return [];
  return [
    ...(first.ip === hostIp
      ? []
      : [invalid("status.hostIPs[0].ip", first.ip, "must be equal to `hostIP`")]),
    ...validateIps(hostIps, "HostIP", "status.hostIPs"),
  ];
}
