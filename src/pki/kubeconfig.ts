import type { KeyPair } from "./authority.ts";

/** What a kubeconfig file says: one cluster, one user, one context. */
export interface KubeconfigOptions {
  /** Name of the cluster, the context and the user's prefix. */
  readonly name: string;
  /** URL of the API server. */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  readonly client: KeyPair;
}

/**
 * The text of a kubeconfig file. JSON, which is YAML too, so that kubectl and every client library read it
 * and nothing needs quoting. It holds a private key: write it with mode 0600.
 */
export function kubeconfig({ name, server, ca, client }: KubeconfigOptions): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(ca) } }],
    users: [
      {
        name: `${name}-admin`,
        user: {
          "client-certificate-data": base64(client.cert),
          "client-key-data": base64(client.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: `${name}-admin` } }],
    "current-context": name,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
