import { parse } from "yaml";
import { ClientError, isJsonObject } from "./decode.ts";

/** How to reach and to be known at an API server, from one context of a kubeconfig. File names are not yet read. */
export interface KubeContext {
  readonly server: string;
  readonly namespace: string;
  readonly serverName?: string;
  readonly insecureSkipVerify: boolean;
  readonly ca?: PemSource;
  readonly cert?: PemSource;
  readonly key?: PemSource;
  readonly token?: { readonly text: string } | { readonly file: string };
}

/** PEM text, or the file that holds it (as written: relative to the kubeconfig's folder). */
export type PemSource = { readonly text: string } | { readonly file: string };

/** A kubeconfig above this is none. */
const KUBECONFIG_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Reads one context of a kubeconfig; the current one when no name is given. Ways to log in that run other
 * programs (`exec`, `auth-provider`) and passwords are refused by name, not ignored.
 */
export function parseKubeconfig(text: string, contextName?: string): KubeContext {
  if (text.length > KUBECONFIG_BYTES_MAX) throw invalid(`more than ${KUBECONFIG_BYTES_MAX} bytes`);
  const document = readYaml(text);
  const wanted = contextName ?? textOf(document["current-context"]);
  if (wanted === undefined) throw invalid("no current-context is set, and none was asked for");

  const context = entryOf(document, "contexts", "context", wanted);
  const cluster = entryOf(document, "clusters", "cluster", textOf(context["cluster"]) ?? "");
  const userName = textOf(context["user"]);
  const user = userName === undefined ? {} : entryOf(document, "users", "user", userName);
  for (const unsupported of ["exec", "auth-provider", "username", "password"]) {
    if (user[unsupported] !== undefined) {
      throw invalid(
        `user "${userName}" logs in by ${unsupported}, a client certificate or a token is needed`,
      );
    }
  }
  const server = textOf(cluster["server"]);
  if (server === undefined || !URL.canParse(server)) {
    throw invalid(`cluster of context "${wanted}" has no server URL`);
  }

  const ca = pemOf(cluster, "certificate-authority");
  const cert = pemOf(user, "client-certificate");
  const key = pemOf(user, "client-key");
  const token = textOf(user["token"]);
  const tokenFile = textOf(user["tokenFile"]);
  const serverName = textOf(cluster["tls-server-name"]);
  return {
    server,
    namespace: textOf(context["namespace"]) ?? "default",
    insecureSkipVerify: cluster["insecure-skip-tls-verify"] === true,
    ...(serverName === undefined ? {} : { serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    // The file wins, as in client-go: it is the one that gets renewed.
    ...(tokenFile !== undefined
      ? { token: { file: tokenFile } }
      : token !== undefined
        ? { token: { text: token } }
        : {}),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function readYaml(text: string): Fields {
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw new ClientError("KUBECONFIG_INVALID", "Cannot read the kubeconfig: not YAML", { cause });
  }
  if (!isJsonObject(document)) throw invalid("not a mapping");
  return document;
}

/** The body of the entry with this name in one of the three lists. */
function entryOf(document: Fields, list: string, body: string, name: string): Fields {
  const entries = document[list];
  const found = (Array.isArray(entries) ? entries : []).find(
    (entry: unknown) => isJsonObject(entry) && entry["name"] === name,
  );
  const fields = isJsonObject(found) ? found[body] : undefined;
  if (isJsonObject(fields)) return fields;
  throw invalid(`no entry "${name}" under ${list}`);
}

/** `<field>-data` (base64) before `<field>` (a file), as in client-go. */
function pemOf(fields: Fields, field: string): PemSource | undefined {
  const data = textOf(fields[`${field}-data`]);
  if (data !== undefined) return { text: Buffer.from(data, "base64").toString("utf8") };
  const file = textOf(fields[field]);
  return file === undefined ? undefined : { file };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function invalid(what: string): ClientError {
  return new ClientError("KUBECONFIG_INVALID", `Cannot use the kubeconfig: ${what}`);
}
