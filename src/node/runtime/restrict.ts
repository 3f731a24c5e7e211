import type { ContainerOptions } from "./runtime.ts";

/** What Docker leaves a container, less what helps to get out or to watch others. */
const capabilities = [
  "chown",
  "dac_override",
  "fowner",
  "fsetid",
  "kill",
  "net_bind_service",
  "net_raw",
  "setgid",
  "setpcap",
  "setuid",
];

/** Whom a program is; the agent's own user and groups where it says nothing. */
export type ContainerIds = Pick<ContainerOptions, "user" | "group" | "groups">;

/** Arguments of `setpriv` that take all dangerous rights away, for good and for all children. */
export function restrictingArguments(as: ContainerIds): readonly string[] {
  return [
    "--no-new-privs",
    "--inh-caps=-all",
    `--bounding-set=-all,${capabilities.map((name) => `+${name}`).join(",")}`,
    ...(as.user === undefined ? [] : [`--reuid=${as.user}`]),
    ...(as.group === undefined ? [] : [`--regid=${as.group}`]),
    ...groupArguments(as),
  ];
}

function groupArguments({ user, group, groups }: ContainerIds): readonly string[] {
  if (groups !== undefined && groups.length > 0) return [`--groups=${groups.join(",")}`];
  return user === undefined && group === undefined ? [] : ["--clear-groups"];
}
