import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorCode, PortolanError } from "../lib/errors.ts";
import type { KeyPair } from "../pki/authority.ts";

/** What the API server must be called in its certificate. */
export interface ApiServerNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** A node's name and its addresses. */
export interface NodeNames {
  readonly name: string;
  readonly ipAddresses: readonly string[];
}

/** Everything that proves who is who in one cluster. Keys are secrets: never log them. */
export interface Credentials {
  /** PEM of the cluster's authority. */
  readonly ca: string;
  readonly apiServer: KeyPair;
  /** The API server towards the node agents. */
  readonly apiServerNodeClient: KeyPair;
  /** A person who may do everything (group system:masters). */
  readonly admin: KeyPair;
  /** Serving certificates of the node agents, by node name. */
  readonly nodes: ReadonlyMap<string, KeyPair>;
}

/** One certificate to make; `file` is its name without ending. */
export type CredentialRequest =
  | { readonly file: string; readonly server: { commonName: string } & ApiServerNames }
  | { readonly file: string; readonly client: { user: string; groups: readonly string[] } };

/** Certificates with less than this left are made anew at the start. */
const renewBeforeMs = 30 * 24 * 60 * 60 * 1000;

export interface CredentialOptions {
  /** Folder of the certificates and keys; made with mode 0700. */
  readonly dir: string;
  readonly apiServer: ApiServerNames;
  readonly nodes: readonly NodeNames[];
  readonly nowMs: number;
}

/**
 * Reads a cluster's credentials, and makes what is missing, about to expire or named otherwise.
 *
 * Making them needs an X.509 library of 45 MB resident memory, so a child process does it and goes.
 */
export async function ensureCredentials(options: CredentialOptions): Promise<Credentials> {
  const { dir, nodes, nowMs } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const requests = credentialRequests(options);
  const present = await Promise.all(requests.map((request) => isUsable(dir, request, nowMs)));
  const missing = requests.filter((_, index) => !present[index]);
  if (missing.length > 0 || (await readPair(dir, "ca")) === undefined) await issue(dir, missing);

  return {
    ca: (await requirePair(dir, "ca")).cert,
    apiServer: await requirePair(dir, "apiserver"),
    apiServerNodeClient: await requirePair(dir, "apiserver-node-client"),
    admin: await requirePair(dir, "admin"),
    nodes: new Map(
      await Promise.all(
        nodes.map(async ({ name }) => [name, await requirePair(dir, `node-${name}`)] as const),
      ),
    ),
  };
}

function credentialRequests({ apiServer, nodes }: CredentialOptions): CredentialRequest[] {
  return [
    { file: "apiserver", server: { commonName: "kube-apiserver", ...apiServer } },
    {
      file: "apiserver-node-client",
      client: { user: "kube-apiserver-node-client", groups: ["system:masters"] },
    },
    { file: "admin", client: { user: "portolan-admin", groups: ["system:masters"] } },
    ...nodes.map(({ name, ipAddresses }) => ({
      file: `node-${name}`,
      server: { commonName: `system:node:${name}`, dnsNames: [name], ipAddresses },
    })),
  ];
}

async function isUsable(dir: string, request: CredentialRequest, nowMs: number): Promise<boolean> {
  const pair = await readPair(dir, request.file);
  const ca = await readPair(dir, "ca");
  if (pair === undefined || ca === undefined) return false;
  const cert = new X509Certificate(pair.cert);
  if (cert.validToDate.getTime() - nowMs < renewBeforeMs) return false;
  if (!cert.verify(new X509Certificate(ca.cert).publicKey)) return false;
  if (!("server" in request)) return true;
  return (
    request.server.ipAddresses.every((ip) => cert.checkIP(ip) !== undefined) &&
    request.server.dnsNames.every((name) => cert.checkHost(name) !== undefined)
  );
}

async function issue(dir: string, requests: readonly CredentialRequest[]): Promise<void> {
  const script = join(import.meta.dirname, "issue-credentials.ts");
  try {
    await promisify(execFile)(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      script,
      dir,
      JSON.stringify(requests),
    ]);
  } catch (error) {
    throw new PortolanError("CREDENTIALS_FAILED", `Cannot make certificates in "${dir}"`, {
      cause: error,
    });
  }
}

/** A certificate and key of the folder; undefined if one of the two is missing. */
export async function readPair(dir: string, file: string): Promise<KeyPair | undefined> {
  try {
    const [cert, key] = await Promise.all([
      readFile(join(dir, `${file}.crt`), "utf8"),
      readFile(join(dir, `${file}.key`), "utf8"),
    ]);
    return { cert, key };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function requirePair(dir: string, file: string): Promise<KeyPair> {
  const pair = await readPair(dir, file);
  if (pair !== undefined) return pair;
  throw new PortolanError(
    "CREDENTIALS_FAILED",
    `Cannot read "${join(dir, file)}.crt": it is missing`,
  );
}

/** Writes a pair so that a crash leaves the old one or the new one; the key first, readable by its owner only. */
export async function writePair(dir: string, file: string, pair: KeyPair): Promise<void> {
  for (const [ending, text] of [
    ["key", pair.key],
    ["crt", pair.cert],
  ] as const) {
    const path = join(dir, `${file}.${ending}`);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}
