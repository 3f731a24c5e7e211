import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { HttpsTransportOptions } from "./https-transport.ts";
import type { PemSource } from "./kubeconfig.ts";
import { parseKubeconfig } from "./kubeconfig.ts";

/** What a transport needs, from a kubeconfig file and the files it names. */
export function loadKubeconfig(
  path: string,
  contextName?: string,
): HttpsTransportOptions & { readonly namespace: string } {
  const context = parseKubeconfig(readFileSync(path, "utf8"), contextName);
  const read = (file: string) => readFileSync(resolve(dirname(path), file), "utf8");
  const pem = (source: PemSource) => ("text" in source ? source.text : read(source.file));
  const { token } = context;
  return {
    server: context.server,
    namespace: context.namespace,
    insecureSkipVerify: context.insecureSkipVerify,
    ...(context.serverName === undefined ? {} : { serverName: context.serverName }),
    ...(context.ca === undefined ? {} : { ca: pem(context.ca) }),
    ...(context.cert === undefined ? {} : { cert: pem(context.cert) }),
    ...(context.key === undefined ? {} : { key: pem(context.key) }),
    ...(token === undefined
      ? {}
      : { token: "text" in token ? () => token.text : () => read(token.file).trim() }),
  };
}
