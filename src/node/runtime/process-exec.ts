import { join } from "node:path";
import { type SpawnedProcess, spawnProgram } from "../../kernel/spawn.ts";
import { WORKING_DIR } from "./container-root.ts";
import { createStdio, variablesFor } from "./process-stdio.ts";
import { type ContainerIds, restrictingArguments } from "./restrict.ts";
import {
  type ContainerOptions,
  type ExecOptions,
  type ExecProcess,
  RuntimeError,
  startFailed,
} from "./runtime.ts";
import type { Tools } from "./tools.ts";

/** The container in which a program is run. */
export interface ExecTarget {
  readonly tools: Tools;
  /** Process 1 of the container. */
  readonly pid: number;
  readonly container: Pick<ContainerOptions, "environment" | "workingDir"> & ContainerIds;
}

/**
 * Process 1 of a container that has just begun may not have mounted its own `/proc` yet, and what is there then is the
 * agent's: the shell waits until it finds itself under its own number. What it remembers of `cd` is not the program's.
 */
const script =
  'until [ "/proc/$$" -ef /proc/self ]; do :; done; cd "$1" && unset OLDPWD && shift && exec "$@"';

/**
 * Runs a further program in a container: `nsenter` goes into its namespaces (and stays outside its PID namespace to
 * hand the exit status on), the rest gives up rights and sets variables as for process 1.
 */
export function execInContainer(target: ExecTarget, options: ExecOptions): ExecProcess {
  const { tools, pid, container } = target;
  const [program = ""] = options.command;
  if (program === "") throw new RuntimeError("START_FAILED", "Cannot exec: no command is given");
  const stdio = createStdio({ ...options, dev: join(`/proc/${pid}/root`, "dev") });
  let child: SpawnedProcess;
  try {
    child = spawnProgram({
      program: tools.nsenter,
      args: [
        ...["--target", String(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--"],
        ...(options.hasTty ? [tools.setsid, "--ctty", "--wait"] : []),
        // `kill` reaches nsenter, which is outside; the program inside must go with it.
        ...[tools.setpriv, "--pdeathsig=KILL", ...restrictingArguments(container), "--"],
        ...[tools.env, "-i", "--", ...variablesFor(container.environment, options)],
        ...[tools.sh, "-c", script, "exec", container.workingDir ?? WORKING_DIR],
        ...options.command,
      ],
      stdio: stdio.forChild,
      isSessionLeader: true,
    });
  } catch (error) {
    stdio.abandon();
    throw startFailed(program, error);
  } finally {
    stdio.release();
  }
  const { stdin, stdout, stderr } = stdio.open();
  stdin?.on("error", () => {});
  return {
    ...(options.hasStdin && stdin !== undefined ? { stdin } : {}),
    stdout,
    ...(stderr === undefined ? {} : { stderr }),
    exited: child.exited,
    kill: () => child.kill("SIGKILL"),
    resize: stdio.resize,
  };
}
