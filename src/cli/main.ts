import process from "node:process";
import { CommanderError } from "commander";
import { describeError, errorCode } from "../lib/errors.ts";
import { kubernetesVersion, portolanVersion } from "../lib/version.ts";
import { parseCommandLine } from "./command-line.ts";
import type { Invocation, OutputForm } from "./invocation.ts";
import { type Output, processOutput } from "./terminal.ts";

// The portolan command. Each command's code is loaded only when it runs: a start should not pay for the others.

for (const stream of [process.stdout, process.stderr]) stream.on("error", outlive);
process.exitCode = await main(process.argv.slice(2), processOutput);

/** A reader that has seen enough (`portolan help up | head`) is no reason to fail. */
function outlive(error: Error): void {
  if (errorCode(error) !== "EPIPE") throw error;
}

/** Runs one command line; returns its exit code: 0, 1 failed, 2 misused. */
async function main(argv: readonly string[], output: Output): Promise<number> {
  let invocation: Invocation;
  try {
    invocation = parseCommandLine(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  try {
    return await runCommand(invocation, output);
  } catch (error) {
    output.stderr(`${describeError(error)}\n`);
    const remedy = remedyOf(error);
    if (remedy !== undefined) output.stderr(`  Try: ${remedy}\n`);
    return exitCodeOf(error);
  }
}

async function runCommand(invocation: Invocation, output: Output): Promise<number> {
  switch (invocation.command) {
    case "up":
      return (await import("./up.ts")).runUp(invocation, output);
    case "down":
      return (await import("./down.ts")).runDown(invocation.dataDir, output);
    case "run": {
      const { runIn } = await import("../sandbox/run-in.ts");
      return runIn({ dataDir: invocation.dataDir, where: invocation.where, argv: invocation.argv });
    }
    case "status":
      return (await import("./status.ts")).runStatus(invocation, output);
    case "version":
      return printVersion(invocation.output, output);
  }
}

async function printVersion(form: OutputForm, output: Output): Promise<number> {
  const version = {
    portolan: portolanVersion,
    kubernetes: kubernetesVersion,
    node: process.version,
  };
  if (form === "json") output.stdout(`${JSON.stringify(version, undefined, 2)}\n`);
  else if (form === "yaml") output.stdout((await import("yaml")).stringify(version));
  else {
    output.stdout(
      `portolan v${version.portolan} (Kubernetes API ${version.kubernetes}, Node ${version.node})\n`,
    );
  }
  return 0;
}

/** What to do about an error, where the room that threw it knows. */
function remedyOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("remedy" in error)) return undefined;
  return typeof error.remedy === "string" && error.remedy !== "" ? error.remedy : undefined;
}

function exitCodeOf(error: unknown): number {
  if (typeof error !== "object" || error === null || !("exitCode" in error)) return 1;
  return error.exitCode === 2 ? 2 : 1;
}
