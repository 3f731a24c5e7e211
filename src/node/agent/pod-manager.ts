import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Pod } from "../../api/types.ts";
import type { Informer } from "../../client/api.ts";
import { describeError } from "../../lib/errors.ts";
import { describePod, keyOf } from "../pod-types.ts";
import type { NodeContext } from "./node-context.ts";
import { PodWorker } from "./pod-worker.ts";

/** The pods of one node, a worker each. */
export class PodManager {
  readonly #node: NodeContext;
  readonly #workers = new Map<string, PodWorker>();
  readonly #running = new Set<Promise<void>>();

  constructor(node: NodeContext) {
    this.#node = node;
  }

  /** The pod of that name that this node runs; the newest, where an earlier one is still ending. */
  find(namespace: string, name: string): PodWorker | undefined {
    const key = `${namespace}/${name}`;
    return [...this.#workers.values()].findLast((worker) => keyOf(worker.pod) === key);
  }

  /** Follows the pods that are bound to this node; the informer must cover no others. Resolves when the agent stops. */
  async run(informer: Informer<Pod>): Promise<void> {
    const { signal } = this.#node;
    await informer.whenSynced(signal);
    this.#removeStrays(informer.list());
    const stop = informer.subscribe((change) => {
      if (change.type === "DELETED") this.#remove(change.object);
      else {
        // A pod may be replaced by one of its name in a single step, after a gap in the watch.
        if (
          change.type === "MODIFIED" &&
          change.previous.metadata.uid !== change.object.metadata.uid
        ) {
          this.#remove(change.previous);
        }
        this.#update(change.object);
      }
    });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    stop();
    await Promise.all(this.#running);
  }

  #update(pod: Pod): void {
    const uid = pod.metadata.uid ?? "";
    const known = this.#workers.get(uid);
    if (known !== undefined) {
      known.update(pod);
      return;
    }
    const worker = new PodWorker(pod, this.#node);
    this.#workers.set(uid, worker);
    const running = worker
      .run()
      .catch((error: unknown) => {
        // What could not be cleaned up is this pod's alone; the others go on.
        const fields = { pod: describePod(worker.pod), error: describeError(error) };
        this.#node.log.error("Could not clean up after a pod", fields);
      })
      .finally(() => {
        this.#workers.delete(uid);
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  #remove(pod: Pod): void {
    this.#workers.get(pod.metadata.uid ?? "")?.remove();
  }

  /** Folders of pods that went while no agent was there. */
  #removeStrays(pods: readonly Pod[]): void {
    const { podsDir } = this.#node;
    mkdirSync(podsDir, { recursive: true });
    const known = new Set(pods.map((pod) => pod.metadata.uid));
    for (const name of readdirSync(podsDir)) {
      if (!known.has(name)) rmSync(join(podsDir, name), { recursive: true, force: true });
    }
  }
}
