import type { IncomingMessage } from "node:http";
import { type Duplex, PassThrough, Writable } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { TerminalSize } from "../../kernel/pty.ts";
import { parseTerminalSize, type RemoteSession, type SessionRequest } from "./remote-session.ts";

/** The sub-protocols that exec speaks, the best first: each message begins with the number of its channel. */
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Longest message that is taken from a client, in bytes; kubectl sends 32 KiB. */
const MESSAGE_BYTES_MAX = 1024 * 1024;

/** Between two signs of life, in milliseconds, so that nothing on the way thinks a quiet terminal dead. */
const PING_MS = 30_000;

const server = new WebSocketServer({
  noServer: true,
  maxPayload: MESSAGE_BYTES_MAX,
  perMessageDeflate: false,
  handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
});

/** Takes an upgrade over as a WebSocket with channels. Undefined if the client offers no protocol that we speak. */
export function acceptWebSocket(
  request: IncomingMessage,
  upgrade: { readonly socket: Duplex; readonly head: Buffer },
  wanted: SessionRequest,
): Promise<RemoteSession | undefined> {
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(/,\s*/);
  if (!offered.some((protocol) => protocols.includes(protocol))) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    server.handleUpgrade(request, upgrade.socket, upgrade.head, (webSocket) =>
      resolve(sessionOf(webSocket, wanted)),
    );
  });
}

function sessionOf(webSocket: WebSocket, wanted: SessionRequest): RemoteSession {
  const closed = new AbortController();
  const stdin = new PassThrough();
  let size: TerminalSize | undefined;
  let listener: ((size: TerminalSize) => void) | undefined;
  const beat = setInterval(() => webSocket.ping(), PING_MS);
  const gone = () => {
    clearInterval(beat);
    stdin.end();
    closed.abort();
  };
  webSocket.on("close", gone);
  webSocket.on("error", () => webSocket.terminate());
  webSocket.on("message", (data) => {
    const message = bytesOf(data);
    const body = message.subarray(1);
    switch (message[0]) {
      case channels.stdin:
        // The client is read no faster than the program reads.
        if (!stdin.writableEnded && !stdin.write(body)) {
          webSocket.pause();
          stdin.once("drain", () => webSocket.resume());
        }
        break;
      case channels.resize:
        size = parseTerminalSize(body.toString()) ?? size;
        if (size !== undefined) listener?.(size);
        break;
      case channels.close:
        if (body[0] === channels.stdin) stdin.end();
        break;
      default:
        break;
    }
  });
  return {
    ...(wanted.stdin ? { stdin } : {}),
    ...(wanted.stdout ? { stdout: channel(webSocket, channels.stdout) } : {}),
    ...(wanted.stderr && !wanted.tty ? { stderr: channel(webSocket, channels.stderr) } : {}),
    onResize: (onSize) => {
      listener = onSize;
      if (size !== undefined) onSize(size);
    },
    closed: closed.signal,
    finish: async (status) => {
      const text = Buffer.from(JSON.stringify(status));
      await send(webSocket, Buffer.concat([Buffer.from([channels.error]), text]));
      webSocket.close(1000);
    },
  };
}

function channel(webSocket: WebSocket, number: number): Writable {
  const prefix = Buffer.from([number]);
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      void send(webSocket, Buffer.concat([prefix, chunk])).then(() => done());
    },
  });
}

/** Resolves when the message is on its way, or the client gone. */
function send(webSocket: WebSocket, message: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (webSocket.readyState !== webSocket.OPEN) resolve();
    else webSocket.send(message, () => resolve());
  });
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
