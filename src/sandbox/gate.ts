import { GateProcess } from "./gate-process.ts";
import { readOptionArguments } from "./sandbox-options.ts";

// A program of its own, started by `up`: the part of a sandbox that lives in the host's network.
await new GateProcess({
  options: readOptionArguments(process.argv),
  isDetached: process.argv.includes("--detached"),
  inside: process.argv.at(-1) ?? "",
}).run();
