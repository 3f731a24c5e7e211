import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  required,
} from "../field-error.ts";
import type { Container, ContainerPort, PodSpec, ResourceRequirements } from "../types.ts";
import { nanosOf } from "./amount.ts";
import { validateProtocol } from "./endpoints.ts";
import { validateEnvironment, validateEnvironmentSources } from "./environment.ts";
import { dnsLabel, notNegative, portName, portNumber } from "./names.ts";
import { validateIp } from "./network.ts";
import { validateLifecycle, validateProbe } from "./probe.ts";
import { repeats } from "./repeats.ts";
import { validateMounts } from "./volume.ts";

/** All containers of a pod, ordinary ones and init containers. `field` is the path of the pod spec. */
export function validateContainers(spec: PodSpec, field: string): FieldError[] {
  const { containers = [], initContainers = [], volumes = [], hostNetwork = false } = spec;
  const volumeNames = new Set(volumes.map(({ name }) => name));
  const repeated = repeats([...containers, ...initContainers].map(({ name }) => name));
  const validateOne = (container: Container, at: string, isRepeated: boolean) => [
    ...validateContainer(container, at, volumeNames),
    ...(isRepeated ? [duplicate(`${at}.name`, container.name)] : []),
    ...(hostNetwork ? validateHostNetworkPorts(container.ports ?? [], `${at}.ports`) : []),
  ];
  return [
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...containers.flatMap((container, index) => {
      const at = `${field}.containers[${index}]`;
      return [
        ...validateOne(container, at, repeated[index] ?? false),
        ...(container.restartPolicy === undefined
          ? []
          : [forbidden(`${at}.restartPolicy`, "may not be set for non-init containers")]),
      ];
    }),
    ...initContainers.flatMap((container, index) => {
      const at = `${field}.initContainers[${index}]`;
      return [
        ...validateOne(container, at, repeated[containers.length + index] ?? false),
        ...validateInitContainer(container, at),
      ];
    }),
    ...validateHostPorts(containers, `${field}.containers`),
  ];
}

const pullPolicies = ["Always", "IfNotPresent", "Never"];
const messagePolicies = ["FallbackToLogsOnError", "File"];

function validateContainer(
  container: Container,
  field: string,
  volumeNames: ReadonlySet<string>,
): FieldError[] {
  const { name = "", image = "", imagePullPolicy = "", terminationMessagePolicy = "" } = container;
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  return [
    ...(name === ""
      ? [required(`${field}.name`)]
      : invalidEach(`${field}.name`, name, dnsLabel(name))),
    ...validateImage(image, `${field}.image`),
    ...(lifecycle === undefined ? [] : validateLifecycle(lifecycle, `${field}.lifecycle`)),
    ...(livenessProbe === undefined
      ? []
      : validateProbe(livenessProbe, "liveness", `${field}.livenessProbe`)),
    ...(readinessProbe === undefined
      ? []
      : validateProbe(readinessProbe, "readiness", `${field}.readinessProbe`)),
    ...(startupProbe === undefined
      ? []
      : validateProbe(startupProbe, "startup", `${field}.startupProbe`)),
    ...validateWord(terminationMessagePolicy, messagePolicies, `${field}.terminationMessagePolicy`),
    ...validatePorts(container.ports ?? [], `${field}.ports`),
    ...validateEnvironment(container.env ?? [], `${field}.env`),
    ...validateEnvironmentSources(container.envFrom ?? [], `${field}.envFrom`),
    ...validateMounts(container.volumeMounts ?? [], volumeNames, `${field}.volumeMounts`),
    ...validateWord(imagePullPolicy, pullPolicies, `${field}.imagePullPolicy`),
    ...validateResources(container.resources ?? {}, `${field}.resources`),
  ];
}

/** A field that must hold one of a few words; defaulting has filled it in. */
export function validateWord(word: string, words: readonly string[], field: string): FieldError[] {
  if (word === "") return [required(field)];
  return words.includes(word) ? [] : [notSupported(field, word, words)];
}

export function validateImage(image: string, field: string): FieldError[] {
  if (image === "") return [required(field)];
  return image === image.trim()
    ? []
    : [invalid(field, image, "must not have leading or trailing whitespace")];
}

/** An init container runs to its end, unless it is a sidecar (restartPolicy Always). */
function validateInitContainer(container: Container, field: string): FieldError[] {
  const { restartPolicy } = container;
  if (restartPolicy === "Always") return [];
  if (restartPolicy !== undefined) {
    return [notSupported(`${field}.restartPolicy`, restartPolicy, ["Always"])];
  }
  return (["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) =>
      forbidden(
        `${field}.${name}`,
        "may not be set for init containers without restartPolicy=Always",
      ),
    );
}

function validatePorts(ports: readonly ContainerPort[], field: string): FieldError[] {
  const repeated = repeats(ports.map(({ name }, index) => name || index));
  return ports.flatMap((port, index) => {
    const at = `${field}[${index}]`;
    const { name = "", containerPort = 0, hostPort = 0, protocol = "", hostIP = "" } = port;
    return [
      ...(name === "" ? [] : invalidEach(`${at}.name`, name, portName(name))),
      ...(repeated[index] ? [duplicate(`${at}.name`, name)] : []),
      ...(containerPort === 0
        ? [required(`${at}.containerPort`)]
        : invalidEach(`${at}.containerPort`, containerPort, portNumber(containerPort))),
      ...(hostPort === 0 ? [] : invalidEach(`${at}.hostPort`, hostPort, portNumber(hostPort))),
      ...validateProtocol(protocol, `${at}.protocol`),
      ...(hostIP === "" ? [] : validateIp(hostIP, `${at}.hostIP`)),
    ];
  });
}

function validateHostNetworkPorts(ports: readonly ContainerPort[], field: string): FieldError[] {
  return ports.flatMap(({ containerPort, hostPort }, index) =>
    containerPort === hostPort
      ? []
      : [
          invalid(
            `${field}[${index}].containerPort`,
            containerPort,
            "must match `hostPort` when `hostNetwork` is true",
          ),
        ],
  );
}

/** No two containers of a pod can have one port of the host. */
function validateHostPorts(containers: readonly Container[], field: string): FieldError[] {
  const all = containers.flatMap(({ ports = [] }, container) =>
    ports.flatMap(({ hostPort = 0, hostIP = "", protocol = "" }, port) =>
      hostPort === 0
        ? []
        : [
            {
              at: `${field}[${container}].ports[${port}].hostPort`,
              key: `${protocol}/${hostIP}/${hostPort}`,
            },
          ],
    ),
  );
  const repeated = repeats(all.map(({ key }) => key));
  return all.flatMap(({ at, key }, index) => (repeated[index] ? [duplicate(at, key)] : []));
}

function validateResources({ limits = {}, requests = {} }: ResourceRequirements, field: string) {
  const amounts = { limits, requests };
  const errors: FieldError[] = (["limits", "requests"] as const).flatMap((kind) =>
    Object.entries(amounts[kind]).flatMap(([name, quantity]) =>
      (nanosOf(quantity) ?? 0n) < 0n
        ? [invalid(`${field}.${kind}[${name}]`, quantity, notNegative)]
        : [],
    ),
  );
  for (const [name, request] of Object.entries(requests)) {
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    const most = nanosOf(limit);
    if (most !== undefined && (nanosOf(request) ?? 0n) > most) {
      const detail = `must be less than or equal to ${name} limit of ${limit}`;
      errors.push(invalid(`${field}.requests`, request, detail));
    }
  }
  return errors;
}
