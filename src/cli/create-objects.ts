import { readFile } from "node:fs/promises";
import { isAlreadyExists } from "../api/status-error.ts";
import type { Api } from "../client/api.ts";
import { createApi } from "../client/create-api.ts";
import { httpsTransport } from "../client/https-transport.ts";
import { loadKubeconfig } from "../client/load-kubeconfig.ts";
import { describeError } from "../lib/errors.ts";
import { SandboxError } from "../sandbox/sandbox-error.ts";
import { parseManifest, type Wanted } from "./manifests.ts";
import type { Output } from "./terminal.ts";

/** Reads all manifests before anything starts. Throws one error that tells all their mistakes. */
export async function readManifests(paths: readonly string[]): Promise<readonly Wanted[]> {
  const read = await Promise.all(
    paths.map(async (path) => {
      try {
        return parseManifest(await readFile(path, "utf8"), path);
      } catch (error) {
        return { wanted: [], mistakes: [`Cannot read "${path}": ${describeError(error)}`] };
      }
    }),
  );
  const mistakes = read.flatMap((manifest) => manifest.mistakes);
  if (mistakes.length > 0) {
    throw new SandboxError("BAD_OPTION", mistakes.join("\n"), {
      remedy: "Mend the files, or leave them out: nothing has been started",
    });
  }
  return read.flatMap((manifest) => manifest.wanted);
}

/**
 * Creates objects as `kubectl create` does; what is already there stays as it is. Returns whether all went well; what
 * did not is said, and the rest is still created.
 */
export async function createObjects(options: {
  readonly wanted: readonly Wanted[];
  readonly kubeconfig: string;
  readonly output: Output;
}): Promise<boolean> {
  const { wanted, output } = options;
  await using transport = httpsTransport(loadKubeconfig(options.kubeconfig));
  const api = createApi(transport, { userAgent: "portolan-up", isStrict: true });
  let isFine = true;
  for (const one of wanted) {
    try {
      output.stderr(`${nameOf(one)} ${await create(api, one)}\n`);
    } catch (error) {
      isFine = false;
      output.stderr(`Cannot create ${nameOf(one)}: ${describeError(error)}\n`);
    }
  }
  if (!isFine) output.stderr("  Try: Mend it, then kubectl create -f: the sandbox runs\n");
  return isFine;
}

function nameOf({ kind, object }: Wanted): string {
  return `${kind.singular}${kind.group === "" ? "" : `.${kind.group}`}/${object.metadata.name}`;
}

async function create(api: Api, { kind, object }: Wanted): Promise<string> {
  const namespace = object.metadata.namespace ?? "default";
  const metadata = kind.namespaced ? { ...object.metadata, namespace } : object.metadata;
  try {
    await api.create(kind, { ...object, metadata });
    return "created";
  } catch (error) {
    if (isAlreadyExists(error)) return "unchanged: it exists";
    throw error;
  }
}
