import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  required,
} from "../field-error.ts";
import type { Container, ContainerPort, ContainerResizePolicy, PodSpec } from "../types.ts";
import { validateEnvironment, validateEnvironmentSources } from "./environment.ts";
import { dnsLabel, portName, portNumber } from "./names.ts";
import { protocols } from "./network.ts";
import { validateLifecycle, validateProbe } from "./probe.ts";
import { repeats } from "./repeats.ts";
import { validateResources } from "./resources.ts";
import { validateContainerSecurity } from "./security-context.ts";
import { validateDevices, validateMounts } from "./volume-mounts.ts";
import { validateWord } from "./words.ts";

/** All containers of a pod, ordinary ones and init containers. `field` is the path of the pod spec. */
export function validateContainers(spec: PodSpec, field: string): FieldError[] {
  const { containers = [], initContainers = [] } = spec;
  const repeated = repeats([...containers, ...initContainers].map(({ name }) => name));
  const nameErrors = (at: string, name: string, index: number) =>
    repeated[index] && name ? [duplicate(`${at}.name`, name)] : [];
  return [
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...containers.flatMap((container, index) => {
      const at = `${field}.containers[${index}]`;
      return [
        ...validateContainer(container, spec, at),
        ...nameErrors(at, container.name, index),
        ...validateHooks(container, spec, at),
        ...(container.restartPolicy === undefined
          ? []
          : [forbidden(`${at}.restartPolicy`, "may not be set for non-init containers")]),
      ];
    }),
    ...validateHostPorts(containers, `${field}.containers`),
    ...initContainers.flatMap((container, index) => {
      const at = `${field}.initContainers[${index}]`;
      return [
        ...validateContainer(container, spec, at),
        ...nameErrors(at, container.name, containers.length + index),
        // Init containers run one by one: each may have the ports of another.
        ...validateHostPorts([container], `${field}.initContainers`),
        ...validateInitContainer(container, spec, at),
      ];
    }),
  ];
}

const pullPolicies = ["Always", "IfNotPresent", "Never"];
const messagePolicies = ["File", "FallbackToLogsOnError"];

function validateContainer(container: Container, spec: PodSpec, field: string): FieldError[] {
  const { name = "", image = "", imagePullPolicy = "", terminationMessagePolicy = "" } = container;
  const { securityContext } = container;
  return [
    ...(name === ""
      ? [required(`${field}.name`)]
      : invalidEach(`${field}.name`, name, dnsLabel(name))),
    ...(image === "" ? [required(`${field}.image`)] : []),
    ...validateWord(terminationMessagePolicy, messagePolicies, `${field}.terminationMessagePolicy`),
    ...validatePorts(container.ports ?? [], `${field}.ports`),
    ...validateEnvironment(container.env ?? [], `${field}.env`),
    ...validateEnvironmentSources(container.envFrom ?? [], `${field}.envFrom`),
    ...validateMounts(container, spec.volumes ?? [], `${field}.volumeMounts`),
    ...validateDevices(container, spec.volumes ?? [], `${field}.volumeDevices`),
    ...validateWord(imagePullPolicy, pullPolicies, `${field}.imagePullPolicy`),
    ...validateResources(container.resources ?? {}, `${field}.resources`),
    ...validateResizePolicies(
      container.resizePolicy ?? [],
      spec.restartPolicy ?? "",
      `${field}.resizePolicy`,
    ),
    ...(securityContext === undefined
      ? []
      : validateContainerSecurity(
          securityContext,
          spec.hostUsers ?? true,
          `${field}.securityContext`,
        )),
  ];
}

/** Pods only: a template may hold an image that somebody else replaces. */
export function validateImagePadding(containers: readonly Container[], field: string) {
  return containers.flatMap(({ image = "" }, index) =>
    image === image.trim()
      ? []
      : [
          invalid(
            `${field}[${index}].image`,
            image,
            "must not have leading or trailing whitespace",
          ),
        ],
  );
}

const hookNames = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const;

/** What is done to a container while it runs. */
function validateHooks(container: Container, spec: PodSpec, field: string): FieldError[] {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  return [
    ...(lifecycle === undefined
      ? []
      : validateLifecycle(
          lifecycle,
          spec.terminationGracePeriodSeconds ?? 0,
          `${field}.lifecycle`,
        )),
    ...(livenessProbe === undefined
      ? []
      : validateProbe(livenessProbe, "liveness", `${field}.livenessProbe`)),
    ...(readinessProbe === undefined
      ? []
      : validateProbe(readinessProbe, "readiness", `${field}.readinessProbe`)),
    ...(startupProbe === undefined
      ? []
      : validateProbe(startupProbe, "startup", `${field}.startupProbe`)),
  ];
}

/** An init container runs to its end, unless it is a sidecar (restartPolicy Always). */
function validateInitContainer(container: Container, spec: PodSpec, field: string): FieldError[] {
  const { restartPolicy } = container;
  if (restartPolicy === "Always") return validateHooks(container, spec, field);
  return [
    ...(restartPolicy === undefined
      ? []
      : [notSupported(`${field}.restartPolicy`, restartPolicy, ["Always"])]),
    ...hookNames
      .filter((name) => container[name] !== undefined)
      .map((name) =>
        forbidden(
          `${field}.${name}`,
          "may not be set for init containers without restartPolicy=Always",
        ),
      ),
  ];
}

function validatePorts(ports: readonly ContainerPort[], field: string): FieldError[] {
  const repeated = repeats(ports.map(({ name }, index) => name || index));
  return ports.flatMap((port, index) => {
    const at = `${field}[${index}]`;
    const { name = "", containerPort = 0, hostPort = 0, protocol = "" } = port;
    const nameErrors = name === "" ? [] : invalidEach(`${at}.name`, name, portName(name));
    return [
      ...nameErrors,
      ...(repeated[index] && nameErrors.length === 0 ? [duplicate(`${at}.name`, name)] : []),
      ...(containerPort === 0
        ? [required(`${at}.containerPort`)]
        : invalidEach(`${at}.containerPort`, containerPort, portNumber(containerPort))),
      ...(hostPort === 0 ? [] : invalidEach(`${at}.hostPort`, hostPort, portNumber(hostPort))),
      ...validateWord(protocol, protocols, `${at}.protocol`),
    ];
  });
}

/** In the host's network a port is the host's port. A template may leave it open: its pods get it by default. */
export function validateHostNetworkPorts(spec: PodSpec, isPod: boolean, field: string) {
  if (spec.hostNetwork !== true) return [];
  return (spec.containers ?? []).flatMap(({ ports = [] }, container) =>
    ports.flatMap(({ containerPort, hostPort = 0 }, port) =>
      hostPort === containerPort || (!isPod && hostPort === 0)
        ? []
        : [
            invalid(
              `${field}.containers[${container}].ports[${port}].hostPort`,
              hostPort,
              "must match `containerPort` when `hostNetwork` is true",
            ),
          ],
    ),
  );
}

/** No two containers that run at a time can have one port of the host. */
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

/** Whether a container is restarted when its share of a resource changes. */
function validateResizePolicies(
  policies: readonly ContainerResizePolicy[],
  podRestartPolicy: string,
  field: string,
): FieldError[] {
  const repeated = repeats(policies.map(({ resourceName }) => resourceName));
  return policies.flatMap(({ resourceName = "", restartPolicy = "" }, index) => [
    ...(repeated[index] ? [duplicate(`${field}[${index}]`, resourceName)] : []),
    ...validateWord(resourceName, ["cpu", "memory"], field),
    ...validateWord(restartPolicy, ["NotRequired", "RestartContainer"], field),
    ...(podRestartPolicy === "Never" && restartPolicy !== "NotRequired"
      ? [invalid(field, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'")]
      : []),
  ]);
}
