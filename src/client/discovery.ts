import type { Resource } from "../api/resource.ts";
import { isJsonObject } from "./decode.ts";

/** A kind that a server offers. */
export interface DiscoveredResource extends Resource {
  readonly verbs: readonly string[];
}

/** What a server offers; groups that did not answer are named, since "absent" and "unknown" differ for clean-up. */
export interface Discovery {
  readonly resources: readonly DiscoveredResource[];
  readonly failedGroupVersions: readonly string[];
}

/** Answers a GET with parsed JSON. */
export type GetJson = (path: string) => Promise<unknown>;

/** Asks a server for all kinds it has, each in its preferred version, by the form that every release knows. */
export async function discover(getJson: GetJson): Promise<Discovery> {
  const groups = await getJson("/apis");
  const preferred = listOf(groups, "groups").flatMap((group) => {
    const version = isJsonObject(group) ? group["preferredVersion"] : undefined;
    const name = isJsonObject(version) ? version["groupVersion"] : undefined;
    return typeof name === "string" ? [name] : [];
  });
  const answers = await Promise.all(
    ["v1", ...preferred].map(async (groupVersion) => {
      const root = groupVersion.includes("/") ? "/apis" : "/api";
      try {
        const answer = await getJson(`${root}/${groupVersion}`);
        return { groupVersion, resources: listOf(answer, "resources") };
      } catch {
        return { groupVersion, resources: undefined };
      }
    }),
  );
  return {
    resources: answers.flatMap(({ groupVersion, resources = [] }) =>
      resources.flatMap((entry) => resourceFrom(groupVersion, entry) ?? []),
    ),
    failedGroupVersions: answers.flatMap(({ groupVersion, resources }) =>
      resources === undefined ? [groupVersion] : [],
    ),
  };
}

/** One entry of an APIResourceList; undefined for sub-resources. */
function resourceFrom(groupVersion: string, entry: unknown): DiscoveredResource | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { name, kind, namespaced, verbs } = entry;
  if (typeof name !== "string" || name.includes("/") || typeof kind !== "string") return undefined;
  const slash = groupVersion.indexOf("/");
  return {
    group: slash < 0 ? "" : groupVersion.slice(0, slash),
    version: groupVersion.slice(slash + 1),
    kind,
    plural: name,
    namespaced: namespaced === true,
    verbs: Array.isArray(verbs) ? verbs.filter((verb) => typeof verb === "string") : [],
  };
}

function listOf(value: unknown, field: string): readonly unknown[] {
  const list = isJsonObject(value) ? value[field] : undefined;
  return Array.isArray(list) ? list : [];
}
