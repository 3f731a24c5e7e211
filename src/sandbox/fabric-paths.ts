import { join } from "node:path";

/** Where the network namespaces of the nodes and the client are pinned, below the runtime directory. */
export function namespaceDir(runtimeDir: string): string {
  return join(runtimeDir, "netns");
}
