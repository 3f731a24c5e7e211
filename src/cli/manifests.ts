import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import { kinds } from "../api/kinds.ts";
import { apiVersionOf } from "../api/resource.ts";
import { isAlreadyExists } from "../api/status-error.ts";
import type { KubeObject } from "../api/types.ts";
import type { Api } from "../client/api.ts";
import { createApi } from "../client/create-api.ts";
import { httpsTransport } from "../client/https-transport.ts";
import { loadKubeconfig } from "../client/load-kubeconfig.ts";
import { describeError, PortolanError } from "../lib/errors.ts";
import type { Output } from "./terminal.ts";

/**
 * Creates what manifests say, as `kubectl create -f` does; what is already there stays as it is. Returns whether
 * all went well; what did not is said, and the rest is still created.
 */
export async function createFromManifests(options: {
  readonly manifests: readonly string[];
  readonly kubeconfig: string;
  readonly output: Output;
}): Promise<boolean> {
  const { output } = options;
  await using transport = httpsTransport(loadKubeconfig(options.kubeconfig));
  const api = createApi(transport, { userAgent: "portolan-up" });
  let isFine = true;
  for (const path of options.manifests) {
    try {
      for (const object of parseManifest(await readFile(path, "utf8"), path)) {
        output.stderr(`${await create(api, object, path)}\n`);
      }
    } catch (error) {
      isFine = false;
      output.stderr(`Cannot create what "${path}" says: ${describeError(error)}\n`);
    }
  }
  return isFine;
}

async function create(api: Api, object: KubeObject, path: string): Promise<string> {
  const kind = kinds.find((k) => k.kind === object.kind && apiVersionOf(k) === object.apiVersion);
  if (kind === undefined) {
    throw new PortolanError(
      "UNKNOWN_KIND",
      `Cannot create "${object.metadata?.name}" of "${path}": no kind ${object.kind} in ${object.apiVersion}`,
    );
  }
  const group = kind.group === "" ? "" : `.${kind.group}`;
  const name = `${kind.singular}${group}/${object.metadata?.name}`;
  const namespace = object.metadata?.namespace ?? "default";
  const metadata = kind.namespaced ? { ...object.metadata, namespace } : { ...object.metadata };
  try {
    await api.create(kind, { ...object, metadata });
    return `${name} created`;
  } catch (error) {
    if (isAlreadyExists(error)) return `${name} unchanged: it exists`;
    throw error;
  }
}

/** The objects of a YAML or JSON file of one or many documents; Lists are opened. */
export function parseManifest(text: string, path: string): KubeObject[] {
  return parseAllDocuments(text, { version: "1.1" }).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      throw new PortolanError("BAD_MANIFEST", `Cannot read "${path}": ${error.message}`);
    }
    const value: unknown = document.toJS();
    if (value === null) return [];
    if (!isObject(value)) {
      throw new PortolanError("BAD_MANIFEST", `Cannot read "${path}": a document is no object`);
    }
    return value.kind === "List" && Array.isArray(value["items"])
      ? value["items"].filter(isObject)
      : [value];
  });
}

function isObject(value: unknown): value is KubeObject & Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
