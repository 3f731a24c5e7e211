import type { Dirent } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../api/types.ts";
import { errorCode } from "../../lib/errors.ts";
import { quantityValue } from "../environment/quantity.ts";

/** How often volumes are measured, in milliseconds. The kubelet does it every 10 s, but its are on a disk. */
export const MEASURE_MS = 5_000;

/** Entries of a volume that are looked at; a volume of more is measured by these, so that nobody keeps the agent busy. */
const ENTRIES_MAX = 50_000;

/** An emptyDir volume that may hold so much and no more. */
export interface LimitedVolume {
  readonly name: string;
  /** As it was written, such as `64Mi`. */
  readonly limit: string;
  readonly bytesMax: number;
}

/** The volumes of a pod that have a `sizeLimit`; zero is none. */
export function limitedVolumes(pod: Pod): readonly LimitedVolume[] {
  return (pod.spec?.volumes ?? []).flatMap(({ name, emptyDir }) => {
    const limit = String(emptyDir?.sizeLimit ?? "");
    const bytesMax = quantityValue(limit) ?? 0;
    return bytesMax > 0 ? [{ name, limit, bytesMax }] : [];
  });
}

/** Why a pod has to go: its first volume that holds too much, in the kubelet's words. `folder` holds the volumes. */
export async function overfullVolume(
  volumes: readonly LimitedVolume[],
  folder: string,
): Promise<string | undefined> {
  for (const { name, limit, bytesMax } of volumes) {
    if ((await usedBytes(join(folder, name))) > bytesMax) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
    }
  }
  return undefined;
}

/** What the files below a folder take up, as `du` counts; a hole takes nothing. */
async function usedBytes(folder: string): Promise<number> {
  let bytes = 0;
  let left = ENTRIES_MAX;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined && left > 0; next = folders.pop()) {
    for await (const entry of entriesOf(next)) {
      if (left-- === 0) return bytes;
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else bytes += await blocksOf(path);
    }
  }
  return bytes;
}

/** One by one, as a folder may have any number. Programs delete what is being measured: what is gone takes up nothing. */
async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(folder);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

async function blocksOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  return (found?.blocks ?? 0) * 512;
}
