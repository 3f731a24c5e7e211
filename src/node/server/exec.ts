import type { IncomingMessage } from "node:http";
import { type Duplex, PassThrough } from "node:stream";
import { describeError } from "../../lib/errors.ts";
import type { ContainerSlot } from "../agent/container-slot.ts";
import type { PodManager } from "../agent/pod-manager.ts";
import { parseLogEntry } from "../runtime/log-lines.ts";
import type { ExecProcess, RunningContainer } from "../runtime/runtime.ts";
import {
  exitStatus,
  failureStatus,
  joinSession,
  type RemoteSession,
  type SessionRequest,
} from "../streaming/remote-session.ts";
import { acceptSpdy } from "../streaming/spdy-session.ts";
import { acceptWebSocket } from "../streaming/websocket-session.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";

/** The container that is meant. */
export interface ExecTarget {
  readonly verb: "exec" | "attach";
  readonly manager: PodManager;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Serves one exec or attach over the protocol that the client upgrades to. */
export async function runExec(
  request: IncomingMessage,
  upgrade: { readonly socket: Duplex; readonly head: Buffer },
  target: ExecTarget,
): Promise<void> {
  const { socket } = upgrade;
  const slot = target.manager.find(target.namespace, target.pod)?.container(target.container);
  const life = slot?.life;
  if (slot === undefined || life === undefined) {
    const why = slot === undefined ? "not found" : "not running";
    return refuseUpgrade(
      socket,
      404,
      `container "${target.container}" of pod "${target.pod}" ${why}`,
    );
  }
  const { searchParams } = new URL(request.url ?? "/", "https://node");
  const wanted = sessionRequest(searchParams);
  const command = searchParams.getAll("command");
  if (target.verb === "exec" && command.length === 0) {
    return refuseUpgrade(socket, 400, "you must specify at least 1 command for the container");
  }
  const isSpdy = /^spdy\/3\.1$/i.test(request.headers.upgrade ?? "");
  const session = await (isSpdy ? acceptSpdy : acceptWebSocket)(request, upgrade, wanted);
  if (session === undefined) {
    if (!isSpdy) refuseUpgrade(socket, 400, "no protocol in common");
    else socket.destroy();
    return;
  }
  if (target.verb === "attach") return attach(session, slot, life);
  let run: ExecProcess;
  try {
    run = life.exec({ command, hasStdin: wanted.stdin, hasTty: wanted.tty });
  } catch (error) {
    return session.finish(failureStatus(describeError(error)));
  }
  return joinSession(session, run);
}

/** Kubernetes' kubelets call the streams `input`, `output`, `error`; its API server `stdin`, `stdout`, `stderr`. */
function sessionRequest(query: URLSearchParams): SessionRequest {
  const flag = (...names: string[]) =>
    names.some((name) => /^(1|t|true)$/i.test(query.get(name) ?? ""));
  return {
    stdin: flag("stdin", "input"),
    stdout: flag("stdout", "output"),
    stderr: flag("stderr", "error"),
    tty: flag("tty"),
  };
}

/** Joins a client to process 1 of the container: its output as it is logged, and its input if it has one. */
async function attach(
  session: RemoteSession,
  slot: ContainerSlot,
  life: RunningContainer,
): Promise<void> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stop = slot.log?.follow((line) => {
    const entry = line === undefined ? undefined : parseLogEntry(line.subarray(0, -1));
    if (entry !== undefined) (entry.stream === "stderr" ? stderr : stdout).write(entry.text);
  });
  session.onResize((size) => life.resize(size));
  if (session.stdout !== undefined) stdout.pipe(session.stdout, { end: false });
  if (session.stderr !== undefined) stderr.pipe(session.stderr, { end: false });
  if (life.stdin !== undefined)
    session.stdin?.pipe(life.stdin, { end: slot.spec.stdinOnce ?? false });
  const left = new Promise<void>((resolve) => {
    session.closed.addEventListener("abort", () => resolve(), { once: true });
  });
  const exit = await Promise.race([life.exited, left]);
  stop?.();
  if (exit !== undefined) await session.finish(exitStatus(exit.exitCode));
}
