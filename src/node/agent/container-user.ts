import { readFileSync } from "node:fs";
import type { Pod } from "../../api/types.ts";
import { type Container, describePod } from "../pod-types.ts";
import type { ContainerIds } from "../runtime/restrict.ts";

/** The user and groups to become by the security contexts; a text says why that can not be. */
export function containerUser(pod: Pod, container: Container): ContainerIds | string {
  const { securityContext: own } = container;
  const shared = pod.spec?.securityContext;
  const user = own?.runAsUser ?? shared?.runAsUser;
  const group = own?.runAsGroup ?? shared?.runAsGroup;
  const who = `(pod: "${describePod(pod)}", container: ${container.name})`;
  if (own?.runAsNonRoot ?? shared?.runAsNonRoot ?? false) {
    if (user === undefined) return `container has runAsNonRoot and image will run as root ${who}`;
    if (user === 0) return `container's runAsUser breaks non-root policy ${who}`;
  }
  const groups = supplementalGroups(pod);
  const ids = [
    ["user", user],
    ["group", group],
    ...groups.map((id) => ["group", id] as const),
  ] as const;
  for (const [kind, id] of ids) {
    if (id !== undefined && !isMapped(kind, id)) {
      return `cannot run as ${kind} ${id}: without root there is only one ${kind} here, 0`;
    }
  }
  // A user of one's own has no rights over root's group.
  const ownGroup = group ?? (user === undefined || user === 0 ? undefined : user);
  return {
    ...(user === undefined || user === 0 ? {} : { user }),
    ...(ownGroup === undefined || ownGroup === 0 || !isMapped("group", ownGroup)
      ? {}
      : { group: ownGroup }),
    ...(groups.length === 0 ? {} : { groups }),
  };
}

/** The group that a pod's volumes are given to; undefined if there is none, or none that could be. */
export function volumeGroup(pod: Pod): number | undefined {
  const group = pod.spec?.securityContext?.fsGroup;
  return group !== undefined && isMapped("group", group) ? group : undefined;
}

/** All containers of a pod are in the group of its volumes, too. */
function supplementalGroups({ spec }: Pod): readonly number[] {
  const { supplementalGroups: asked = [], fsGroup } = spec?.securityContext ?? {};
  return [...new Set([...asked, ...(fsGroup === undefined ? [] : [fsGroup])])];
}

/** Whether the user namespace that this process is in knows an id. */
function isMapped(kind: "user" | "group", id: number): boolean {
  const map = readFileSync(`/proc/self/${kind === "user" ? "uid" : "gid"}_map`, "utf8");
  return map.split("\n").some((line) => {
    const [inside, , count] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || count === undefined) return false;
    return id >= inside && id < inside + count;
  });
}
