import type { ConfigMap, Secret } from "../../api/types.ts";
import type { Container, EnvFromSource, EnvVar } from "../pod-types.ts";
import { type DownwardFacts, fieldValue, resourceValue } from "./downward.ts";
import { expand } from "./expand.ts";

/** Where keys are looked up; undefined means that there is no such object in the pod's namespace. */
export interface ConfigSources {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

/** A container, and all that its variables may refer to. */
export interface EnvironmentInput {
  readonly container: Container;
  readonly serviceVariables: ReadonlyMap<string, string>;
  readonly facts: DownwardFacts;
  readonly sources: ConfigSources;
}

/** The variables, or why they can not be had (the message of CreateContainerConfigError). */
export type EnvironmentResult =
  | { readonly type: "environment"; readonly variables: ReadonlyMap<string, string> }
  | { readonly type: "error"; readonly message: string };

/**
 * The environment of one container: `env` wins over `envFrom`, which wins over Service variables.
 *
 * `$(NAME)` in a value sees Service variables, `envFrom`, and entries of `env` that come earlier.
 */
export function containerEnvironment(input: EnvironmentInput): EnvironmentResult {
  const { container, serviceVariables, sources } = input;
  const own = new Map<string, string>();
  for (const from of container.envFrom ?? []) {
    const entries = importedEntries(from, sources);
    if (typeof entries === "string") return { type: "error", message: entries };
    for (const [key, value] of entries) {
      const name = `${from.prefix ?? ""}${key}`;
      if (isVariableName(name)) own.set(name, value);
    }
  }
  const lookup = (name: string) => own.get(name) ?? serviceVariables.get(name);
  for (const variable of container.env ?? []) {
    const value = variable.value
      ? { value: expand(variable.value, lookup) }
      : referencedValue(variable, input);
    if ("error" in value) return { type: "error", message: value.error };
    if (value.value !== undefined) own.set(variable.name, value.value);
  }
  return { type: "environment", variables: new Map([...serviceVariables, ...own]) };
}

/** Any printable ASCII but `=` (KEP-4369); other keys of a map are passed over, as in Kubernetes. */
function isVariableName(name: string): boolean {
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(name);
}

function importedEntries(
  from: EnvFromSource,
  sources: ConfigSources,
): readonly (readonly [string, string])[] | string {
  if (from.configMapRef !== undefined) {
    const { name = "", optional = false } = from.configMapRef;
    const map = sources.configMap(name);
    if (map === undefined) return optional ? [] : `configmap "${name}" not found`;
    return sorted(map.data ?? {});
  }
  if (from.secretRef !== undefined) {
    const { name = "", optional = false } = from.secretRef;
    const secret = sources.secret(name);
    if (secret === undefined) return optional ? [] : `secret "${name}" not found`;
    return sorted(secret.data ?? {}).map(([key, value]) => [key, decodeBase64(value)] as const);
  }
  return [];
}

function sorted(map: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function decodeBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

/** An absent value means that an optional key is missing: the variable does not exist then. */
type Referenced = { readonly value: string | undefined } | { readonly error: string };

function referencedValue(variable: EnvVar, input: EnvironmentInput): Referenced {
  const source = variable.valueFrom;
  if (source === undefined || source === null) return { value: variable.value ?? "" };
  const { facts, sources, container } = input;
  const namespace = facts.pod.metadata.namespace ?? "default";
  if (source.fieldRef !== undefined) {
    const path: string = source.fieldRef.fieldPath;
    const value = fieldValue(path, facts);
    return value === undefined ? { error: `unsupported fieldPath: ${path}` } : { value };
  }
  if (source.resourceFieldRef !== undefined) {
    const value = resourceValue(source.resourceFieldRef, container, facts);
    return value === undefined
      ? { error: `unsupported container resource : ${source.resourceFieldRef.resource}` }
      : { value };
  }
  if (source.configMapKeyRef !== undefined) {
    const { name = "", key, optional = false } = source.configMapKeyRef;
    const map = sources.configMap(name);
    if (map === undefined) return missing(optional, `configmap "${name}" not found`);
    const value = map.data?.[key];
    if (value !== undefined) return { value };
    return missing(optional, `couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
  }
  if (source.secretKeyRef !== undefined) {
    const { name = "", key, optional = false } = source.secretKeyRef;
    const secret = sources.secret(name);
    if (secret === undefined) return missing(optional, `secret "${name}" not found`);
    const value = secret.data?.[key];
    if (value !== undefined) return { value: decodeBase64(value) };
    return missing(optional, `couldn't find key ${key} in Secret ${namespace}/${name}`);
  }
  return { value: "" };
}

function missing(optional: boolean, error: string): Referenced {
  return optional ? { value: undefined } : { error };
}
