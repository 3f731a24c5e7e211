// Stands in for the image nginx: a small web server on port 80 for the files that are mounted at nginx's place.
// This file runs inside pods, alone: it may import nothing but Node's own modules.
import { createReadStream, statSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { hostname } from "node:os";
import { extname, join, normalize } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: process.env["NGINX_PORT"] ?? "80" },
    root: { type: "string", default: "/usr/share/nginx/html" },
  },
  strict: false,
});

const port = Number(values.port);
const root = String(values.root);

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".gif": "image/gif",
  ".html": "text/html",
  ".ico": "image/x-icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "application/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".xml": "text/xml",
};

const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This is Portolan's small web server, which stands in for the image nginx, in pod ${hostname()}.
Mount your own pages at ${root}.</p>
</body>
</html>
`;

for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) {
  process.on(signal, () => {
    // As nginx's graceful stop: requests under way are answered, idle connections are closed.
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}

const server = createServer((request, response) => {
  response.on("finish", () => {
    const { remoteAddress } = request.socket;
    const agent = request.headers["user-agent"] ?? "-";
    const line = `"${request.method} ${request.url} HTTP/${request.httpVersion}" ${response.statusCode}`;
    process.stdout.write(
      `${remoteAddress} - - [${new Date().toISOString()}] ${line} ${response.getHeader("content-length") ?? 0} "-" "${agent}"\n`,
    );
  });
  response.setHeader("Server", "portolan-web");
  if (request.method !== "GET" && request.method !== "HEAD") return answer(response, 405);
  const path = pathOf(request.url ?? "/");
  if (path === undefined) return answer(response, 400);
  const file = [join(root, path), join(root, path, "index.html")].find(isFile);
  if (file === undefined) {
    const isHome = path === "/" || path === "/index.html";
    return isHome && !isFile(join(root, "index.html"))
      ? answer(response, 200, welcome)
      : answer(response, 404);
  }
  response.setHeader("Content-Type", types[extname(file)] ?? "application/octet-stream");
  response.setHeader("Content-Length", statSync(file).size);
  if (request.method === "HEAD") return void response.end();
  createReadStream(file)
    .on("error", () => response.destroy())
    .pipe(response);
});

server.keepAliveTimeout = 75_000;
server.listen(port);

/** The path without its query, decoded, and kept below the root; undefined if it is malformed. */
function pathOf(url: string): string | undefined {
  try {
    return normalize(decodeURIComponent(url.split(/[?#]/, 1)[0] ?? "/")).replace(/^(\.\.\/?)+/, "");
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function answer(response: ServerResponse, status: number, body = `${status}\n`): void {
  response.writeHead(status, {
    "Content-Type": "text/html",
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(response.req.method === "HEAD" ? undefined : body);
}
