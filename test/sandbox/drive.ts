import process from "node:process";
import { dataDirPaths } from "../../src/sandbox/data-dir.ts";
import { down } from "../../src/sandbox/down.ts";
import { runIn } from "../../src/sandbox/run-in.ts";
import { SandboxError } from "../../src/sandbox/sandbox-error.ts";
import { sandboxDefaults } from "../../src/sandbox/sandbox-options.ts";
import { status } from "../../src/sandbox/status.ts";
import { up } from "../../src/sandbox/up.ts";

// The sandbox's commands as a program, with the stub inside: DATA_DIR up|down|run|status ARGUMENT…
const [dataDir = "", command, ...rest] = process.argv.slice(2);

async function obey(): Promise<number> {
  if (command === "run") {
    const [where = "", ...argv] = rest;
    return runIn({ dataDir, where, argv });
  }
  if (command === "down") print({ hadSandbox: await down(dataDir) });
  else if (command === "status") print(status(dataDir));
  else await start();
  return 0;
}

async function start(): Promise<void> {
  const options = JSON.parse(rest[0] ?? "{}");
  const sandbox = await up({
    ...sandboxDefaults,
    dataDir,
    kubeconfig: dataDirPaths(dataDir).kubeconfig,
    apiPort: 0,
    isDetached: true,
    inside: new URL("./stub-inside.ts", import.meta.url).pathname,
    ...options,
  });
  print({ apiPort: sandbox.apiPort, nodes: sandbox.nodes, gatePid: sandbox.gatePid });
  if (options.isDetached !== false) return;
  process.once("SIGINT", () => void sandbox.stop());
  await sandbox.ended;
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

try {
  process.exitCode = await obey();
} catch (error) {
  if (!(error instanceof SandboxError)) throw error;
  print({ code: error.code, message: error.message, remedy: error.remedy });
  process.exitCode = error.exitCode;
}
