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

/** Arguments of `setpriv` that take all dangerous rights away, for good and for all children. */
export function restrictingArguments(as: {
  readonly user?: number;
  readonly group?: number;
}): readonly string[] {
  return [
    "--no-new-privs",
    "--inh-caps=-all",
    `--bounding-set=-all,${capabilities.map((name) => `+${name}`).join(",")}`,
    ...(as.user === undefined ? [] : [`--reuid=${as.user}`]),
    ...(as.group === undefined ? [] : [`--regid=${as.group}`]),
    ...(as.user === undefined && as.group === undefined ? [] : ["--clear-groups"]),
  ];
}
