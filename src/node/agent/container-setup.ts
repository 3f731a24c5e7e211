import { configMaps, secrets } from "../../api/resource.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { ConfigMap, Pod, Secret } from "../../api/types.ts";
import type { Api } from "../../client/api.ts";
import { type ConfigSources, containerEnvironment } from "../environment/container-environment.ts";
import type { DownwardFacts } from "../environment/downward.ts";
import { expand } from "../environment/expand.ts";
import { serviceVariables } from "../environment/service-variables.ts";
import { kernelHostname } from "../files/hosts.ts";
import { commandLine, type ImageEntry, PROGRAM_NODE } from "../images/image-table.ts";
import type { Container } from "../pod-types.ts";
import { WORKING_DIR } from "../runtime/container-root.ts";
import { DEFAULT_PATH } from "../runtime/process-container.ts";
import type { ContainerMount, ContainerOptions } from "../runtime/runtime.ts";
import { containerUser } from "./container-user.ts";
import type { NodeContext } from "./node-context.ts";
import { type PreparedVolume, volumeMounts } from "./pod-volumes.ts";

/** The runtime's options of one life, but for what belongs to that life alone. */
export type ContainerSetup =
  | { readonly type: "setup"; readonly options: Omit<ContainerOptions, "id" | "log"> }
  /** `message` is that of the reason CreateContainerConfigError. */
  | { readonly type: "error"; readonly message: string };

/** A container, and all that its start depends on. */
export interface SetupInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly image: ImageEntry;
  readonly node: NodeContext;
  readonly facts: DownwardFacts;
  readonly sources: ConfigSources;
  readonly podFiles: readonly ContainerMount[];
  readonly volumes: ReadonlyMap<string, PreparedVolume>;
  /** The file that `terminationMessagePath` shows in the container. */
  readonly terminationFile: string;
}

/** Works out how a container is to be started: command line, variables, mounts and user. */
export function setUpContainer(input: SetupInput): ContainerSetup {
  const { pod, container, image, node, facts, sources } = input;
  const namespace = pod.metadata.namespace ?? "default";
  const apiService = node.services.get("default/kubernetes");
  const environment = containerEnvironment({
    container,
    facts,
    sources,
    serviceVariables: serviceVariables({
      services: [
        ...(apiService === undefined ? [] : [apiService]),
        ...node.services.listNamespace(namespace),
      ],
      namespace,
      enableServiceLinks: pod.spec?.enableServiceLinks ?? true,
    }),
  });
  if (environment.type === "error") return environment;
  const user = containerUser(pod, container);
  if (typeof user === "string") return { type: "error", message: user };

  const variables = new Map([
    ["PATH", DEFAULT_PATH],
    ["HOSTNAME", kernelHostname(pod, node.resolver.clusterDomain)],
    ["HOME", WORKING_DIR],
    ...(container.tty === true ? [["TERM", "xterm"] as const] : []),
    ...Object.entries(image.environment ?? {}),
    ...environment.variables,
  ]);
  const command = commandLine(image, {
    command: expandAll(container.command, variables),
    args: expandAll(container.args, variables),
  });
  if (command.length === 0) return { type: "error", message: "no command specified" };

  const volumes = volumeMounts(container, input.volumes, variables);
  const taken = new Set(volumes.map(({ target }) => target));
  const own = [
    ...input.podFiles,
    ...(command[0] === PROGRAM_NODE ? node.programs() : []),
    {
      source: input.terminationFile,
      target: container.terminationMessagePath ?? "/dev/termination-log",
      isReadOnly: false,
    },
  ].filter(({ target }) => !taken.has(target));
  return {
    type: "setup",
    options: {
      name: container.name,
      command,
      environment: variables,
      mounts: [...own, ...volumes],
      hasStdin: container.stdin ?? false,
      hasTty: container.tty ?? false,
      ...user,
      ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    },
  };
}

function expandAll(
  list: readonly string[] | undefined,
  variables: ReadonlyMap<string, string>,
): readonly string[] {
  return (list ?? []).map((text) => expand(text, (name) => variables.get(name)));
}

/** Fetches the ConfigMaps and Secrets that the container (or the pod's volumes) refers to, each once. */
export async function loadSources(
  api: Api,
  pod: Pod,
  wanted: { readonly container: Container } | "volumes",
): Promise<ConfigSources> {
  const names = wanted === "volumes" ? volumeReferences(pod) : references(wanted.container);
  const namespace = pod.metadata.namespace ?? "default";
  const load = async <T>(list: ReadonlySet<string>, get: (name: string) => Promise<T>) =>
    new Map(
      await Promise.all(
        [...list].map(async (name) => [name, await get(name).catch(ifNotFound)] as const),
      ),
    );
  const [maps, keys] = await Promise.all([
    load<ConfigMap>(names.configMaps, (name) => api.get(configMaps, { namespace, name })),
    load<Secret>(names.secrets, (name) => api.get(secrets, { namespace, name })),
  ]);
  return { configMap: (name) => maps.get(name), secret: (name) => keys.get(name) };
}

function ifNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

interface References {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

function references(container: Container): References {
  const maps: (string | undefined)[] = [];
  const keys: (string | undefined)[] = [];
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    maps.push(configMapRef?.name);
    keys.push(secretRef?.name);
  }
  for (const { valueFrom } of container.env ?? []) {
    maps.push(valueFrom?.configMapKeyRef?.name);
    keys.push(valueFrom?.secretKeyRef?.name);
  }
  return { configMaps: named(maps), secrets: named(keys) };
}

function volumeReferences(pod: Pod): References {
  const maps: (string | undefined)[] = [];
  const keys: (string | undefined)[] = [];
  for (const { configMap, secret, projected } of pod.spec?.volumes ?? []) {
    maps.push(configMap?.name);
    keys.push(secret?.secretName);
    for (const source of projected?.sources ?? []) {
      maps.push(source.configMap?.name);
      keys.push(source.secret?.name);
    }
  }
  return { configMaps: named(maps), secrets: named(keys) };
}

function named(list: readonly (string | undefined)[]): ReadonlySet<string> {
  return new Set(list.filter((name) => name !== undefined && name !== "").map(String));
}
