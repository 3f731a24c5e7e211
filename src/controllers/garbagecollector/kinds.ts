import type { DiscoveredResource, Discovery } from "../../client/discovery.ts";

/** How the kinds that are followed have to change. */
export interface KindChanges {
  readonly add: readonly DiscoveredResource[];
  readonly drop: readonly DiscoveredResource[];
}

/**
 * Compares what is followed with what the server has. Of an API group that did not answer nothing is known, so its
 * kinds stay. A kind whose preferred version changed is followed anew.
 */
export function kindChanges(
  followed: readonly DiscoveredResource[],
  { resources, failedGroupVersions }: Discovery,
): KindChanges {
  const wanted = resources.filter(isCollected);
  const isIn = (list: readonly DiscoveredResource[], one: DiscoveredResource) =>
    list.some((other) => other.version === one.version && kindKey(other) === kindKey(one));
  const failed = failedGroupVersions.map((one) => (one.includes("/") ? one.split("/", 1)[0] : ""));
  return {
    add: wanted.filter((resource) => !isIn(followed, resource)),
    drop: followed.filter(
      (resource) => !isIn(wanted, resource) && !failed.includes(resource.group),
    ),
  };
}

/** Names a kind, whatever its version. */
export function kindKey({ group, plural }: DiscoveredResource): string {
  return `${group}/${plural}`;
}

/** Kinds that can be listed, watched and deleted. Events are many, owned by nobody, and end by themselves. */
function isCollected({ kind, verbs }: DiscoveredResource): boolean {
  return kind !== "Event" && ["list", "watch", "delete"].every((verb) => verbs.includes(verb));
}
