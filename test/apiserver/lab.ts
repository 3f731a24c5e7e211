import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiServer, openApiServer } from "../../src/apiserver/server.ts";
import { hostSockets } from "../../src/kernel/host-sockets.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { type Cidr, parseCidr } from "../../src/lib/ip.ts";
import { createLogger, type LogLevel } from "../../src/lib/log.ts";
import { type Authority, createAuthority, type KeyPair } from "../../src/pki/authority.ts";
import { kubeconfig } from "../../src/pki/kubeconfig.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/sqlite-storage.ts";
import type { Storage } from "../../src/storage/storage.ts";

export interface LabOptions {
  /** Kept when given, so that a second server can go on with it. */
  readonly directory?: string;
  readonly serviceCidrs?: readonly string[];
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** An API server of our own on a free port of the loopback, with real TLS and a real disk. */
export interface Lab extends AsyncDisposable {
  readonly server: ApiServer;
  readonly storage: Storage;
  readonly authority: Authority;
  readonly directory: string;
  readonly port: number;
  readonly url: string;
  readonly admin: KeyPair;
  issue(user: string, groups: readonly string[]): Promise<KeyPair>;
  /** A kubeconfig file for these credentials. */
  kubeconfig(credentials: KeyPair): string;
}

let shared: { readonly authority: Authority; readonly serving: KeyPair; readonly admin: KeyPair };

async function credentials() {
  if (shared !== undefined) return shared;
  const authority = await createAuthority("portolan-test", Date.now());
  const serving = await authority.issueServer({
    commonName: "kube-apiserver",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
  });
  const admin = await authority.issueClient({ user: "admin", groups: ["system:masters"] });
  shared = { authority, serving, admin };
  return shared;
}

export async function startLab(options: LabOptions = {}): Promise<Lab> {
  // What is open when the rest fails is closed: a listener left behind would keep the test's process for ever.
  await using opened = new AsyncDisposableStack();
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "portolan-apiserver-"));
  if (options.directory === undefined) {
    opened.defer(() => rmSync(directory, { recursive: true, force: true }));
  }
  const { authority, serving, admin } = await credentials();
  const level: LogLevel = process.env["PORTOLAN_TEST_LOG"] === "debug" ? "debug" : "warn";
  const write = (line: string) => process.stderr.write(line);
  const log = createLogger({ room: "apiserver", level, write, now: Date.now });
  const storage = opened.use(
    await openSqliteStorage({ directory: join(directory, "storage"), log }),
  );
  const listener = await listen();
  opened.defer(() => new Promise<void>((resolve) => listener.close(() => resolve())));
  const address = listener.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const server = opened.use(
    await openApiServer({
      storage,
      serviceCidrs: (options.serviceCidrs ?? ["172.30.0.0/16"]).map(cidr),
      nodePortRange: { from: 30000, to: 32767 },
      apiEndpoint: { host: "192.168.0.1", port: 6443 },
      tls: { ...serving, clientCa: authority.cert },
      nodeClient: { ...admin, ca: authority.cert },
      sockets: hostSockets,
      clock: options.clock ?? systemClock,
      random: options.random ?? Math.random,
      log,
    }),
  );
  server.serve(listener);
  const url = `https://127.0.0.1:${port}`;
  let kubeconfigs = 0;
  const all = opened.move();
  return {
    server,
    storage,
    authority,
    directory,
    port,
    url,
    admin,
    issue: (user, groups) => authority.issueClient({ user, groups }),
    kubeconfig(pair) {
      const file = join(directory, `kubeconfig-${kubeconfigs++}`);
      writeFileSync(
        file,
        kubeconfig({ name: "lab", server: url, ca: authority.cert, client: pair }),
        { mode: 0o600 },
      );
      return file;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function listen(): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  const server = createServer().once("error", reject);
  server.listen({ host: "127.0.0.1", port: 0 }, () => resolve(server));
  return promise;
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new TypeError(`${text} is no range`);
  return parsed;
}
