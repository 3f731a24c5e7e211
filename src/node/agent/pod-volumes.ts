import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { Pod } from "../../api/types.ts";
import type { ConfigSources } from "../environment/container-environment.ts";
import { type DownwardFacts, fieldValue, resourceValue } from "../environment/downward.ts";
import { expand } from "../environment/expand.ts";
import type { Container, Volume } from "../pod-types.ts";
import { resolveInRoot } from "../runtime/mount-target.ts";
import { type ContainerMount, RuntimeError } from "../runtime/runtime.ts";
import { volumeGroup } from "./container-user.ts";

/** Bytes that the files of one volume may hold: the size that the API allows a ConfigMap or Secret. */
const VOLUME_BYTES_MAX = 1024 * 1024;

/** A volume on the host. */
export interface PreparedVolume {
  readonly source: string;
  /** Whether containers may be given it for writing. */
  readonly isWritable: boolean;
  /** The kind forbids writing, and asking for it is a mistake that must be told (hostPath). */
  readonly refusesWriting?: string;
}

/** A pod, and what its volumes may refer to. */
export interface VolumesInput {
  readonly pod: Pod;
  /** The pod's folder on the host. */
  readonly dir: string;
  readonly facts: DownwardFacts;
  readonly sources: ConfigSources;
}

/** Makes a pod's volumes; throws a `RuntimeError` whose message is that of the FailedMount event. */
export function prepareVolumes(input: VolumesInput): ReadonlyMap<string, PreparedVolume> {
  const volumes: readonly Volume[] = input.pod.spec?.volumes ?? [];
  return new Map(volumes.map((volume) => [volume.name, prepareVolume(volume, input)]));
}

function prepareVolume(volume: Volume, input: VolumesInput): PreparedVolume {
  const folder = join(input.dir, "volumes", volume.name);
  if (volume.hostPath !== undefined) {
    const refusesWriting = `hostPath volume "${volume.name}" can only be mounted read-only`;
    return { source: volume.hostPath.path, isWritable: false, refusesWriting };
  }
  const files = filesOf(volume, input);
  mkdirSync(folder, { recursive: true });
  const group = volumeGroup(input.pod);
  if (files === "empty") {
    if (group !== undefined) chownSync(folder, -1, group);
    // Files that are made below belong to the folder's group.
    chmodSync(folder, group === undefined ? 0o777 : 0o2777);
    return { source: folder, isWritable: true };
  }
  writeAtomically(folder, files, group);
  return { source: folder, isWritable: false };
}

interface VolumeFile {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

function filesOf(volume: Volume, input: VolumesInput): readonly VolumeFile[] | "empty" {
  const fail = (why: string) =>
    new RuntimeError(
      "CREATE_FAILED",
      `MountVolume.SetUp failed for volume "${volume.name}" : ${why}`,
    );
  if (volume.emptyDir !== undefined) return "empty";
  const parts = volume.projected?.sources ?? [
    {
      ...(volume.configMap === undefined ? {} : { configMap: volume.configMap }),
      ...(volume.secret === undefined
        ? {}
        : { secret: { ...volume.secret, name: volume.secret.secretName ?? "" } }),
      ...(volume.downwardAPI === undefined ? {} : { downwardAPI: volume.downwardAPI }),
    },
  ];
  const defaultMode =
    volume.projected?.defaultMode ??
    volume.configMap?.defaultMode ??
    volume.secret?.defaultMode ??
    volume.downwardAPI?.defaultMode ??
    0o644;
  const { pod, sources, facts } = input;
  const namespace = pod.metadata.namespace ?? "default";
  const files: VolumeFile[] = [];
  let isKnown = volume.projected !== undefined;
  for (const { configMap, secret, downwardAPI } of parts) {
    if (configMap !== undefined) {
      isKnown = true;
      const found = sources.configMap(configMap.name ?? "");
      if (found === undefined && configMap.optional !== true) {
        throw fail(`configmap "${configMap.name}" not found`);
      }
      const data = new Map([
        ...Object.entries(found?.data ?? {}).map(
          ([key, text]) => [key, Buffer.from(text)] as const,
        ),
        ...decoded(found?.binaryData),
      ]);
      files.push(...selected(data, configMap, defaultMode, fail));
    }
    if (secret !== undefined) {
      isKnown = true;
      const found = sources.secret(secret.name ?? "");
      if (found === undefined && secret.optional !== true) {
        throw fail(`secret "${secret.name}" not found`);
      }
      files.push(...selected(new Map(decoded(found?.data)), secret, defaultMode, fail));
    }
    for (const item of downwardAPI?.items ?? []) {
      isKnown = true;
      const { path, mode = defaultMode, fieldRef, resourceFieldRef } = item;
      const owner = pod.spec?.containers.find((c) => c.name === resourceFieldRef?.containerName);
      const value =
        fieldRef === undefined
          ? resourceFieldRef && owner && resourceValue(resourceFieldRef, owner, facts)
          : fieldValue(fieldRef.fieldPath, facts);
      if (value === undefined) throw fail(`nothing to refer to for "${path}" of ${namespace}`);
      files.push({ path, mode, content: Buffer.from(value) });
    }
  }
  if (!isKnown) throw fail("this node runs pods as processes and has no such kind of volume");
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  if (bytes > VOLUME_BYTES_MAX) throw fail(`its files hold more than ${VOLUME_BYTES_MAX} bytes`);
  return files;
}

function decoded(data: Readonly<Record<string, string>> | undefined): [string, Buffer][] {
  return Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, "base64")]);
}

interface Selection {
  readonly items?: readonly {
    readonly key: string;
    readonly path: string;
    readonly mode?: number;
  }[];
  readonly optional?: boolean;
}

/** All keys under their own names, or the chosen ones under chosen paths. */
function selected(
  data: ReadonlyMap<string, Buffer>,
  { items, optional }: Selection,
  defaultMode: number,
  fail: (why: string) => RuntimeError,
): VolumeFile[] {
  if (items === undefined || items.length === 0) {
    return [...data].map(([path, content]) => ({ path, content, mode: defaultMode }));
  }
  return items.flatMap(({ key, path, mode = defaultMode }) => {
    const content = data.get(key);
    if (content !== undefined) return [{ path, content, mode }];
    if (optional === true) return [];
    throw fail(`references non-existent config key: ${key}`);
  });
}

/**
 * Replaces all files of a volume in one step, as the kubelet does: they lie in a folder that the link `..data`
 * names, and the link is exchanged. A program sees the old ones or the new ones, never a mixture.
 */
function writeAtomically(folder: string, files: readonly VolumeFile[], group?: number): void {
  const old = currentData(folder);
  if (old !== undefined && files.every((file) => isWritten(join(folder, old), file))) {
    const count = readdirSync(join(folder, old), { recursive: true, withFileTypes: true });
    if (count.filter((entry) => entry.isFile()).length === files.length) return;
  }
  const name = `..${process.hrtime.bigint()}`;
  for (const { path, content, mode } of files) {
    const safe = normalize(`/${path}`);
    const file = join(folder, name, safe);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    if (group !== undefined) chownSync(file, -1, group);
    // Whoever is in the group may read, whatever mode was asked for (the kubelet's rule).
    chmodSync(file, group === undefined ? mode : mode | 0o440);
  }
  mkdirSync(join(folder, name), { recursive: true });
  // A try that failed half-way may have left it.
  rmSync(join(folder, "..data_tmp"), { force: true });
  symlinkSync(name, join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  const tops = new Set(files.map(({ path }) => normalize(`/${path}`).split("/")[1] ?? ""));
  for (const entry of readdirSync(folder)) {
    if (!entry.startsWith("..") && !tops.has(entry)) rmSync(join(folder, entry), { force: true });
  }
  for (const top of tops) {
    rmSync(join(folder, top), { force: true });
    symlinkSync(`..data/${top}`, join(folder, top));
  }
  if (old !== undefined) rmSync(join(folder, old), { recursive: true, force: true });
}

function isWritten(folder: string, { path, content }: VolumeFile): boolean {
  try {
    return readFileSync(join(folder, normalize(`/${path}`))).equals(content);
  } catch {
    return false;
  }
}

function currentData(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, "..data"));
  } catch {
    return undefined;
  }
}

/** What a container's `volumeMounts` show of the pod's volumes; its variables may choose the place in a volume. */
export function volumeMounts(
  container: Container,
  volumes: ReadonlyMap<string, PreparedVolume>,
  variables: ReadonlyMap<string, string>,
): readonly ContainerMount[] {
  return (container.volumeMounts ?? []).map((item) => {
    const { name, mountPath, readOnly } = item;
    const subPath = item.subPathExpr ? expandAll(item.subPathExpr, variables) : item.subPath;
    const volume = volumes.get(name);
    const refuse = (why: string) => new RuntimeError("CREATE_FAILED", why);
    if (volume === undefined) throw refuse(`volume "${name}" of container is not there`);
    if (volume.refusesWriting !== undefined && readOnly !== true) {
      throw refuse(`${volume.refusesWriting}: set readOnly in the volumeMount at "${mountPath}"`);
    }
    return {
      source: subPath ? subPathOf(volume, subPath) : volume.source,
      target: mountPath.startsWith("/") ? mountPath : `/${mountPath}`,
      isReadOnly: readOnly === true || !volume.isWritable,
    };
  });
}

function expandAll(text: string, variables: ReadonlyMap<string, string>): string {
  const path = expand(text, (name) => {
    const value = variables.get(name);
    if (value !== undefined) return value;
    throw new RuntimeError("CREATE_FAILED", `missing value for "${name}"`);
  });
  if (!path.startsWith("/") && !path.split("/").includes("..")) return path;
  const why = path.startsWith("/") ? "must not be an absolute path" : "must not contain '..'";
  throw new RuntimeError("CREATE_FAILED", `error SubPath \`${path}\` ${why}`);
}

/** Links in a volume are followed as if it were the root, so none leads out of it. */
function subPathOf(volume: PreparedVolume, subPath: string): string {
  const { existing, missing } = resolveInRoot(volume.source, subPath);
  const path = join(volume.source, existing, ...missing);
  if (missing.length > 0) {
    if (!volume.isWritable) {
      throw new RuntimeError("CREATE_FAILED", `there is no "${subPath}" in the volume`);
    }
    mkdirSync(path, { recursive: true, mode: 0o777 });
  }
  return path;
}
