/** Of every process that a sandbox starts with Node. */
const common = ["--disable-warning=ExperimentalWarning"];

/** The gate moves a few sockets a minute; it may be slow, but it shall be small. */
export const gateFlags: readonly string[] = [
  ...common,
  "--max-semi-space-size=1",
  "--max-old-space-size=64",
  "--v8-pool-size=0",
];

/** The process inside runs the whole cluster; `--expose-gc` is for `shedMemory`. */
export const insideFlags: readonly string[] = [...common, "--max-semi-space-size=4", "--expose-gc"];
