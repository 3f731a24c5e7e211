import type { Identity } from "./identity.ts";
import { tooManyRequests } from "./refusals.ts";
import type { RequestTarget } from "./request-target.ts";

/** Kubernetes' defaults. Watches, logs and exec do not count: they stay open. */
const READS_MAX = 400;
const WRITES_MAX = 200;

/** Bounds how many requests are being answered at one time. */
export class InFlight {
  #reads = 0;
  #writes = 0;

  /** How many there are. */
  get counts(): { readonly reads: number; readonly writes: number } {
    return { reads: this.#reads, writes: this.#writes };
  }

  /** Counts a request in and returns the way out, or throws the 429 answer. */
  enter(method: string): () => void {
    const isRead = method === "GET" || method === "HEAD";
    if (isRead ? this.#reads >= READS_MAX : this.#writes >= WRITES_MAX) throw tooManyRequests();
    if (isRead) this.#reads += 1;
    else this.#writes += 1;
    return () => {
      if (isRead) this.#reads -= 1;
      else this.#writes -= 1;
    };
  }
}

/**
 * Whether a request is answered however many others are: administrators must be able to mend an overloaded
 * cluster, and a node that can not renew its lease would lose its pods.
 */
export function isUnlimited({ groups }: Identity, target: RequestTarget): boolean {
  const isLease =
    target.type === "resource" &&
    target.group === "coordination.k8s.io" &&
    target.plural === "leases";
  return isLease || groups.includes("system:masters");
}
