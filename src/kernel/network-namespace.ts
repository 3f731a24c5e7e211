import type { Sockets } from "../lib/sockets.ts";

/** One network namespace: the sandbox's, a node's, a pod's, or the one this process started in. */
export interface NetworkNamespace extends AsyncDisposable {
  /** What people and logs call it, such as `node-1`. */
  readonly name: string;
  /** A path that `nsenter --net=` takes, valid inside this process's mount namespace. */
  readonly path: string;
  /**
   * Runs `action` with this thread inside the namespace, then comes back. Must be synchronous: what it
   * starts asynchronously runs elsewhere. Aborts the process if the way back fails.
   */
  run<T>(action: () => T): T;
  /** Sockets that are made inside the namespace. */
  readonly sockets: Sockets;
}
