import { nanosOf } from "../quantity.ts";
import type {
  Container,
  ContainerPort,
  EnvVar,
  NodeSelectorTerm,
  PodAffinity,
  PodSpec,
  Quantity,
  Volume,
} from "../types.ts";
import { dnsLabel } from "./names.ts";
import { repeats } from "./repeats.ts";

/**
 * What is odd about a pod's spec, though it is accepted. `field` is the path of the spec, and `meta` that of the
 * metadata beside it.
 */
export function podSpecWarnings(
  spec: PodSpec,
  annotations: Readonly<Record<string, string>> | undefined,
  { field, meta }: { readonly field: string; readonly meta: string },
): string[] {
  const containers = [
    ...at(spec.initContainers ?? [], `${field}.initContainers`),
    ...at(spec.containers ?? [], `${field}.containers`),
  ];
  return [
    ...labelWarnings(spec, field),
    ...spreadWarnings(spec, `${field}.topologySpreadConstraints`),
    ...deprecatedAnnotations.flatMap(([key, text]) =>
      annotations !== undefined && Object.hasOwn(annotations, key)
        ? [`${meta}.annotations[${key}]: ${text}`]
        : [],
    ),
    ...at(spec.volumes ?? [], `${field}.volumes`).flatMap(([volume, path]) =>
      volumeWarnings(volume, path),
    ),
    ...repeatWarnings(
      (spec.hostAliases ?? []).map(({ ip }) => ip),
      (index, ip) => `${field}.hostAliases[${index}].ip: duplicate ip ${ip}`,
    ),
    ...pullSecretWarnings(spec, `${field}.imagePullSecrets`),
    ...fractionWarnings(spec.overhead, `${field}.overhead`),
    ...containers.flatMap(([{ resources, env }, path]) => [
      ...fractionWarnings(resources?.limits, `${path}.resources.limits`),
      ...fractionWarnings(resources?.requests, `${path}.resources.requests`),
      ...variableWarnings(env ?? [], `${path}.env`),
    ]),
    ...portWarnings(containers),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [
          `${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityWarnings(spec.affinity?.podAffinity, `${field}.affinity.podAffinity`),
    ...affinityWarnings(spec.affinity?.podAntiAffinity, `${field}.affinity.podAntiAffinity`),
  ];
}

/** A name that becomes part of host names should be a label. `use` says where it appears. */
export function hostNameWarnings(name: string | undefined, use: string): string[] {
  const problems = dnsLabel(name ?? "");
  return problems.length === 0
    ? []
    : [
        `metadata.name: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${problems.join(" ")}]`,
      ];
}

/** The items of a list, each with its path. */
function at<T>(list: readonly T[], field: string): readonly (readonly [T, string])[] {
  return list.map((item, index) => [item, `${field}[${index}]`]);
}

const deprecatedLabels: ReadonlyMap<string, string> = new Map([
  ["beta.kubernetes.io/arch", 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ["beta.kubernetes.io/os", 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  [
    "failure-domain.beta.kubernetes.io/region",
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  ],
  [
    "failure-domain.beta.kubernetes.io/zone",
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ],
  [
    "beta.kubernetes.io/instance-type",
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  ],
]);

const deprecatedAnnotations: readonly (readonly [string, string])[] = [
  [
    "scheduler.alpha.kubernetes.io/critical-pod",
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  [
    "security.alpha.kubernetes.io/sysctls",
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
  [
    "security.alpha.kubernetes.io/unsafe-sysctls",
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
];

function labelWarnings({ nodeSelector = {}, affinity }: PodSpec, field: string): string[] {
  const node = affinity?.nodeAffinity;
  const path = `${field}.affinity.nodeAffinity`;
  const required = node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const preferred = node?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...Object.keys(nodeSelector).flatMap((key) => {
      const text = deprecatedLabels.get(key);
      return text === undefined ? [] : [`${field}.nodeSelector[${key}]: ${text}`];
    }),
    ...at(
      required,
      `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`,
    ).flatMap(([term, place]) => termWarnings(term, place)),
    ...at(preferred, `${path}.preferredDuringSchedulingIgnoredDuringExecution`).flatMap(
      ([{ preference }, place]) => termWarnings(preference, `${place}.preference`),
    ),
  ];
}

function termWarnings({ matchExpressions = [] }: NodeSelectorTerm, field: string): string[] {
  return matchExpressions.flatMap(({ key }, index) => {
    const text = deprecatedLabels.get(key);
    return text === undefined ? [] : [`${field}.matchExpressions[${index}].key: ${key} is ${text}`];
  });
}

const nullSelector = "a null labelSelector results in matching no pod";

function spreadWarnings({ topologySpreadConstraints = [] }: PodSpec, field: string): string[] {
  return at(topologySpreadConstraints, field).flatMap(([{ topologyKey, labelSelector }, path]) => {
    const text = deprecatedLabels.get(topologyKey);
    return [
      ...(text === undefined ? [] : [`${path}.topologyKey: ${topologyKey} is ${text}`]),
      ...(labelSelector === undefined ? [`${path}.labelSelector: ${nullSelector}`] : []),
    ];
  });
}

function affinityWarnings(affinity: PodAffinity | undefined, field: string): string[] {
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const terms = [
    ...at(required, `${field}.requiredDuringSchedulingIgnoredDuringExecution`),
    ...at(preferred, `${field}.preferredDuringSchedulingIgnoredDuringExecution`).map(
      ([{ podAffinityTerm }, path]) => [podAffinityTerm, `${path}.podAffinityTerm`] as const,
    ),
  ];
  return terms.flatMap(([{ labelSelector }, path]) =>
    labelSelector === undefined ? [`${path}.labelSelector: ${nullSelector}`] : [],
  );
}

const removedVolumes = [
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "deprecated in v1.11"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
] as const;

function volumeWarnings(volume: Volume, field: string): string[] {
  return removedVolumes.flatMap(([name, text]) =>
    volume[name] === undefined
      ? []
      : [`${field}.${name === "storageos" ? "storageOS" : name}: ${text}`],
  );
}

function repeatWarnings(
  values: readonly (string | undefined)[],
  textOf: (index: number, shown: string) => string,
): string[] {
  const repeated = repeats(values);
  return values.flatMap((value, index) =>
    repeated[index] ? [textOf(index, JSON.stringify(value ?? ""))] : [],
  );
}

function pullSecretWarnings({ imagePullSecrets = [] }: PodSpec, field: string): string[] {
  const names = imagePullSecrets.map(({ name }) => name ?? "");
  return [
    ...repeatWarnings(names, (index, name) => `${field}[${index}].name: duplicate name ${name}`),
    ...names.flatMap((name, index) =>
      name === "" ? [`${field}[${index}].name: invalid empty name ""`] : [],
    ),
  ];
}

/** Nobody can have half a byte. */
function fractionWarnings(
  list: Readonly<Record<string, Quantity>> | undefined,
  field: string,
): string[] {
  return ["memory", "ephemeral-storage"].flatMap((name) => {
    const amount = list?.[name];
    const isWhole = (nanosOf(amount) ?? 0n) % 1_000_000_000n === 0n;
    return isWhole
      ? []
      : [`${field}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`];
  });
}

/** A variable may be built on an earlier one of its name; else the earlier one is lost. */
function variableWarnings(env: readonly EnvVar[], field: string): string[] {
  const repeated = repeats(env.map(({ name }) => name));
  return env.flatMap(({ name, value = "", valueFrom }, index) => {
    const reference = `$(${name})`;
    const isBuiltOn = valueFrom === undefined && value !== reference && value.includes(reference);
    return repeated[index] && !isBuiltOn
      ? [
          `${field}[${index}]: hides previous definition of "${name}", which may be dropped when using apply`,
        ]
      : [];
  });
}

interface PlacedPort {
  readonly path: string;
  readonly port: ContainerPort;
}

/**
 * More warnings than these of one pod's ports have no room in an answer, and each port is compared with so many others
 * at most: all pairs of what fits into one pod are billions.
 */
const PORT_WARNINGS_MAX = 100;

function portWarnings(containers: readonly (readonly [Container, string])[]): string[] {
  const warnings: string[] = [];
  const known = new Map<string, PlacedPort[]>();
  for (const [{ ports = [] }, container] of containers) {
    for (const [port, path] of at(ports, `${container}.ports`)) {
      if (warnings.length > PORT_WARNINGS_MAX) return warnings;
      if (port.hostIP && !port.hostPort) {
        const shown = `{Name:${port.name ?? ""} HostPort:0 ContainerPort:${port.containerPort} Protocol:${port.protocol ?? ""} HostIP:${port.hostIP}}`;
        warnings.push(`${path}: hostIP set without hostPort: ${shown}`);
      }
      const key = `${port.containerPort}/${port.protocol}`;
      const others = known.get(key) ?? [];
      for (const other of others) {
        const kind = conflictOf(port, other.port);
        if (kind !== undefined)
          warnings.push(`${path}: ${kind} port definition with ${other.path}`);
      }
      if (others.length < PORT_WARNINGS_MAX) known.set(key, [...others, { path, port }]);
    }
  }
  return warnings;
}

/** How two definitions of one port of the pod get in each other's way; undefined if they do not. */
function conflictOf(port: ContainerPort, other: ContainerPort): string | undefined {
  const { hostPort = 0, hostIP = "" } = port;
  const { hostPort: otherPort = 0, hostIP: otherIp = "" } = other;
  if (hostIP === otherIp && hostPort === otherPort) return "duplicate";
  if (hostPort === 0 || otherPort === 0) return "overlapping";
  const isOneOpen = (hostIP === "") !== (otherIp === "");
  return hostPort === otherPort && isOneOpen ? "dangerously ambiguous" : undefined;
}
