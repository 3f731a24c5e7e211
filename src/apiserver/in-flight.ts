import { tooManyRequests } from "./refusals.ts";

/** Kubernetes' defaults. Watches, logs and exec do not count: they stay open. */
const READS_MAX = 400;
const WRITES_MAX = 200;

/** Bounds how many requests are being answered at one time. */
export class InFlight {
  #reads = 0;
  #writes = 0;

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
