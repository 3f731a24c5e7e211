import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { describeError } from "../../lib/errors.ts";
import type { PodManager } from "../agent/pod-manager.ts";
import type { ExecProcess } from "../runtime/runtime.ts";
import { failureStatus, joinSession, type SessionRequest } from "../streaming/remote-session.ts";
import { acceptSpdy } from "../streaming/spdy-session.ts";
import { acceptWebSocket } from "../streaming/websocket-session.ts";
import { attach } from "./attach.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { requestUrl } from "./request-url.ts";

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
  const worker = target.manager.find(target.namespace, target.pod);
  const slot = worker?.container(target.container);
  const life = slot?.life;
  if (worker === undefined) return refuseUpgrade(socket, 404, "pod does not exist");
  // The kubelet's words for one that does not run, too.
  if (slot === undefined || life === undefined) {
    return refuseUpgrade(socket, 500, `container not found ("${target.container}")`);
  }
  const { searchParams } = requestUrl(request);
  const wanted = sessionRequest(searchParams);
  const command = searchParams.getAll("command");
  if (target.verb === "exec" && command.length === 0) {
    return refuseUpgrade(socket, 400, "you must specify at least 1 command for the container");
  }
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    return refuseUpgrade(socket, 400, "you must specify at least 1 of stdin, stdout, stderr");
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
