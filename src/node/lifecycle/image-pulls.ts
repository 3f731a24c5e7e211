import type { EventNote } from "../../client/events.ts";

/** First and longest pause between two tries to find an image, in milliseconds (the kubelet's). */
const PULL_BACKOFF = { baseMs: 10_000, maxMs: 300_000 } as const;

/** How long ErrImagePull stands before it becomes ImagePullBackOff, in milliseconds. */
const ERROR_SHOWN_MS = 1_000;

/** What to say of a container whose image is not there. */
export interface PullStep {
  readonly waiting: { readonly reason: string; readonly message: string };
  readonly notes: readonly EventNote[];
  /** When to look again, in milliseconds from now. */
  readonly nextMs: number;
}

interface PullState {
  readonly tries: number;
  readonly failedAtMs: number;
  readonly retryAtMs: number;
  readonly isToldBackoff: boolean;
}

/** Remembers the failed look-ups of a pod's images: ErrImagePull at each try, ImagePullBackOff between two. */
export class ImagePulls {
  readonly #states = new Map<string, PullState>();

  /** The image is there. */
  succeed(container: string): void {
    this.#states.delete(container);
  }

  fail(pull: {
    readonly container: string;
    readonly image: string;
    readonly nowMs: number;
  }): PullStep {
    const { container, image, nowMs } = pull;
    const cause = `Cannot find image "${image}": it is in no image table of this node, and nothing is downloaded`;
    const before = this.#states.get(container);
    if (before !== undefined && nowMs < before.retryAtMs) {
      const nextMs = Math.min(before.retryAtMs, before.failedAtMs + ERROR_SHOWN_MS) - nowMs;
      if (nextMs > 0 && nowMs < before.failedAtMs + ERROR_SHOWN_MS) {
        return { waiting: { reason: "ErrImagePull", message: cause }, notes: [], nextMs };
      }
      this.#states.set(container, { ...before, isToldBackoff: true });
      const message = `Back-off pulling image "${image}"`;
      const notes: readonly EventNote[] = before.isToldBackoff
        ? []
        : [
            { type: "Normal", reason: "BackOff", message },
            { type: "Warning", reason: "Failed", message: "Error: ImagePullBackOff" },
          ];
      const waiting = { reason: "ImagePullBackOff", message: `${message}: ErrImagePull: ${cause}` };
      return { waiting, notes, nextMs: before.retryAtMs - nowMs };
    }
    const tries = before?.tries ?? 0;
    const pauseMs = Math.min(PULL_BACKOFF.maxMs, PULL_BACKOFF.baseMs * 2 ** Math.min(tries, 10));
    this.#states.set(container, {
      tries: tries + 1,
      failedAtMs: nowMs,
      retryAtMs: nowMs + pauseMs,
      isToldBackoff: false,
    });
    return {
      waiting: { reason: "ErrImagePull", message: cause },
      notes: [
        { type: "Normal", reason: "Pulling", message: `Pulling image "${image}"` },
        { type: "Warning", reason: "Failed", message: `Failed to pull image "${image}": ${cause}` },
        { type: "Warning", reason: "Failed", message: "Error: ErrImagePull" },
      ],
      nextMs: ERROR_SHOWN_MS,
    };
  }
}
