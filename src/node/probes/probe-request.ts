import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { TIMER_MS_MAX } from "../../lib/clock.ts";
import { describeError, errorCode } from "../../lib/errors.ts";
import { familyOf } from "../../lib/ip.ts";
import type { Sockets } from "../../lib/sockets.ts";
import type { Container, LifecycleHandler, Probe } from "../pod-types.ts";
import type { RunningContainer } from "../runtime/runtime.ts";

/** What a probe or hook found; `output` is for people. */
export interface ProbeAnswer {
  readonly isSuccess: boolean;
  readonly output: string;
  /** A success that is worth a word, such as a redirect to somewhere else. */
  readonly isDoubtful?: boolean;
}

/** The container that is asked, and how it is reached. */
export interface ProbeTarget {
  readonly container: Container;
  readonly running: RunningContainer;
  readonly podIp: string;
  /** Sockets of the node's namespace: probes come from the node, as in Kubernetes. */
  readonly sockets: Sockets;
}

/** As the kubelet: more of a body is not read, in bytes. */
const BODY_BYTES_MAX = 10 * 1024;
const REDIRECTS_MAX = 10;
const USER_AGENT = "kube-probe/1.33";

type Handler = Pick<Probe, "httpGet" | "tcpSocket" | "exec" | "grpc"> &
  Pick<LifecycleHandler, "sleep">;
type HttpGet = NonNullable<Probe["httpGet"]>;

/** Carries out one probe or hook. Never throws: what goes wrong is a failure. */
export async function askProbe(
  handler: Handler,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  // It takes whole milliseconds only, and what is left of a grace period is seldom that.
  const timeout = AbortSignal.timeout(Math.min(Math.max(1, Math.ceil(timeoutMs)), TIMER_MS_MAX));
  try {
    if (handler.exec !== undefined) {
      return await askExec(handler.exec.command ?? [], target, { timeout, timeoutMs });
    }
    if (handler.httpGet !== undefined) return await askHttp(handler.httpGet, target, timeout);
    if (handler.tcpSocket !== undefined) {
      const { host = target.podIp, port } = handler.tcpSocket;
      const socket = await dial(target, { host, port: portOf(target.container, port) }, timeout);
      socket.destroy();
      return { isSuccess: true, output: "" };
    }
    if (handler.grpc !== undefined) {
      const { port, service = "" } = handler.grpc;
      return await askGrpc(target, { port, service }, { timeout, timeoutMs });
    }
    return { isSuccess: false, output: "missing probe handler" };
  } catch (error) {
    return { isSuccess: false, output: describeError(error) };
  }
}

/** The number of a port that may be given by the name of a container port. */
function portOf(container: Container, port: string | number): number {
  if (typeof port === "number") return port;
  const named = container.ports?.find((candidate) => candidate.name === port);
  const number = named?.containerPort ?? Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65536) return number;
  throw new Error(`couldn't find port: ${port}`);
}

/** Connects from the node; errors read as Go's net package writes them, which users know from the kubelet. */
async function dial(
  { sockets }: ProbeTarget,
  to: { readonly host: string; readonly port: number },
  timeout: AbortSignal,
): Promise<Socket> {
  const where = `dial tcp ${hostPort(to)}`;
  const host = to.host === "localhost" ? "127.0.0.1" : to.host;
  const connecting = sockets.connectTcp({ host, port: to.port });
  // A connection that stands only after the time is up is not wanted any more.
  connecting.then(
    (socket) => timeout.aborted && socket.destroy(),
    () => {},
  );
  try {
    return await Promise.race([connecting, rejectAt(timeout, `${where}: i/o timeout`)]);
  } catch (error) {
    const words = { ECONNREFUSED: "connection refused", EHOSTUNREACH: "no route to host" };
    const known = Object.entries(words).find(([code]) => code === errorCode(error));
    throw known === undefined ? error : new Error(`${where}: connect: ${known[1]}`, {});
  }
}

function rejectAt(timeout: AbortSignal, message: string): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error(message));
    if (timeout.aborted) fail();
    else timeout.addEventListener("abort", fail, { once: true });
  });
}

function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return familyOf(host) === "IPv6" ? `[${host}]:${port}` : `${host}:${port}`;
}

async function askHttp(
  get: HttpGet,
  target: ProbeTarget,
  timeout: AbortSignal,
): Promise<ProbeAnswer> {
  const scheme = (get.scheme ?? "HTTP").toLowerCase();
  const host = get.host || target.podIp;
  const port = portOf(target.container, get.port);
  const path = get.path ?? "/";
  let url = new URL(
    `${scheme}://${hostPort({ host, port })}${path.startsWith("/") ? path : `/${path}`}`,
  );
  let headers = headersOf(get);
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const { status, location, body } = await fetchOnce(url, headers, { target, timeout });
    const next = followedStatuses.has(status) && location ? new URL(location, url) : undefined;
    // Going to another host would let a pod point the node anywhere; it counts as alive.
    if (next !== undefined && next.hostname === url.hostname) {
      // A host name that was asked for is that of the place where it was asked for.
      if (URL.canParse(location ?? "")) headers = headers.filter(([name]) => name !== "Host");
      url = next;
      continue;
    }
    if (status >= 300 && status < 400) {
      const output = `Probe terminated redirects, Response body: ${body}`;
      return { isSuccess: true, isDoubtful: true, output };
    }
    if (status >= 200 && status < 300) return { isSuccess: true, output: "" };
    return { isSuccess: false, output: `HTTP probe failed with statuscode: ${status}` };
  }
  return { isSuccess: false, output: `Get "${url}": stopped after ${REDIRECTS_MAX} redirects` };
}

/** Redirects as Go's client follows them; of other answers below 400 a location says nothing. */
const followedStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

type Headers = readonly (readonly [name: string, value: string])[];

/** The headers asked for, a repeated one as often, and the kubelet's own; an empty value takes one of these away. */
function headersOf({ httpHeaders = [] }: HttpGet): Headers {
  const asked = httpHeaders.map(({ name, value = "" }) => [canonical(name), value] as const);
  const own = [
    ["User-Agent", USER_AGENT],
    ["Accept", "*/*"],
  ] as const;
  const isEmptied = ([name, value]: Headers[number]) =>
    value === "" && own.some(([known]) => known === name);
  const defaults = own.filter(([name]) => !asked.some(([other]) => other === name));
  return [...asked.filter((header) => !isEmptied(header)), ...defaults, ["Connection", "close"]];
}

/** As Go writes the names of headers, for servers that care. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

interface FetchContext {
  readonly target: ProbeTarget;
  readonly timeout: AbortSignal;
}

async function fetchOnce(
  url: URL,
  headers: Headers,
  { target, timeout }: FetchContext,
): Promise<{ readonly status: number; readonly location?: string; readonly body: string }> {
  const isTls = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const describe = (error: unknown) => new Error(`Get "${url}": ${describeError(error)}`);
  const socket = await dial(target, { host, port }, timeout).catch((error: unknown) => {
    throw describe(error);
  });
  // Two hosts would be a malformed request: the first counts.
  const [hostHeader = ["Host", url.host] as const] = headers.filter(([name]) => name === "Host");
  const sent = [hostHeader, ...headers.filter(([name]) => name !== "Host")].flat();
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      // An `agent` of any kind, false too, would make Node open a connection of its own instead of this one.
      const options = { method: "GET", headers: sent, signal: timeout };
      const secure = () => connectTls({ socket, rejectUnauthorized: false });
      const request = isTls
        ? httpsRequest(url, { ...options, createConnection: secure }, resolve)
        : httpRequest(url, { ...options, createConnection: () => socket }, resolve);
      request.on("error", reject);
      request.end();
    });
    const body = await readBody(answer);
    const location = answer.headers.location;
    const status = answer.statusCode ?? 0;
    return { status, body, ...(location === undefined ? {} : { location }) };
  } catch (error) {
    if (!timeout.aborted) throw describe(error);
    throw describe("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
  } finally {
    socket.destroy();
  }
}

/** Reads what the kubelet would, so that a server is not cut off in a small answer. */
async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX).toString();
}

async function askExec(
  command: readonly string[],
  { running }: ProbeTarget,
  { timeout, timeoutMs }: { readonly timeout: AbortSignal; readonly timeoutMs: number },
): Promise<ProbeAnswer> {
  const run = running.exec({ command, hasStdin: false, hasTty: false });
  let output = "";
  const keep = (chunk: Buffer) => {
    if (output.length < BODY_BYTES_MAX) output += chunk.toString();
  };
  run.stdout.on("data", keep);
  run.stderr?.on("data", keep);
  const late = `command timed out: "${command.join(" ")}" timed out after ${timeoutMs / 1000}s`;
  try {
    const { exitCode } = await Promise.race([run.exited, rejectAt(timeout, late)]);
    return { isSuccess: exitCode === 0, output };
  } catch (error) {
    run.kill();
    throw error;
  }
}

/** `grpc.health.v1.Health/Check`; only SERVING (1) is success. */
async function askGrpc(
  target: ProbeTarget,
  { port, service }: { readonly port: number; readonly service: string },
  { timeout, timeoutMs }: { readonly timeout: AbortSignal; readonly timeoutMs: number },
): Promise<ProbeAnswer> {
  const to = { host: target.podIp, port };
  const seconds = `${timeoutMs / 1000}s`;
  const socket = await dial(target, to, timeout).catch(() => {
    // gRPC tries again until the time is up, whatever is wrong.
    const what = `failed to connect service "${hostPort(to)}" within ${seconds}`;
    throw new Error(`timeout: ${what}: context deadline exceeded`);
  });
  const session = connectHttp2(`http://${hostPort(to)}`, { createConnection: () => socket });
  try {
    const answer = new Promise<ProbeAnswer>((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({
        ":method": "POST",
        ":path": "/grpc.health.v1.Health/Check",
        "content-type": "application/grpc",
        "user-agent": USER_AGENT,
        te: "trailers",
      });
      const chunks: Buffer[] = [];
      let status: string | undefined;
      stream.on("error", reject);
      stream.on("response", (headers) => (status = header(headers["grpc-status"])));
      stream.on("trailers", (headers) => (status = header(headers["grpc-status"]) ?? status));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => resolve(grpcAnswer(Buffer.concat(chunks), status)));
      stream.end(grpcRequest(service));
    });
    const late = `timeout: health rpc did not complete within ${seconds}`;
    return await Promise.race([answer, rejectAt(timeout, late)]);
  } finally {
    session.destroy();
    socket.destroy();
  }
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** One gRPC message: HealthCheckRequest { service = 1 }. */
function grpcRequest(service: string): Buffer {
  const name = Buffer.from(service.slice(0, 127));
  const message =
    name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
}

const GRPC_UNIMPLEMENTED = "12";

/** HealthCheckResponse { status = 1 }: 0 UNKNOWN, 1 SERVING, 2 NOT_SERVING, 3 SERVICE_UNKNOWN. */
function grpcAnswer(body: Buffer, status: string | undefined): ProbeAnswer {
  if (status !== undefined && status !== "0") {
    if (status === GRPC_UNIMPLEMENTED) {
      const protocol = "the grpc health protocol (grpc.health.v1.Health)";
      return { isSuccess: false, output: `error: this server does not implement ${protocol}` };
    }
    return { isSuccess: false, output: `error: health rpc failed: rpc error: code = ${status}` };
  }
  const isServing = body.length >= 7 && body[5] === 0x08 && body[6] === 1;
  const names = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
  const found = names[body[6] ?? 0] ?? "UNKNOWN";
  return isServing
    ? { isSuccess: true, output: "service healthy" }
    : { isSuccess: false, output: `service unhealthy (responded with "${found}")` };
}
