import type { Pod } from "../../api/types.ts";
import { describeError, errorCode } from "../../lib/errors.ts";
import { GROUND_RETRY, retryPauseMs } from "../lifecycle/retry-pause.ts";
import type { NodeContext } from "./node-context.ts";
import { type PodGround, prepareGround, refreshVolumes } from "./pod-ground.ts";

/** ConfigMaps and Secrets are looked at again this often, in milliseconds: what the kubelet does by default. */
const REFRESH_MS = 60_000;

/** Makes the ground of one pod, keeps its volumes fresh, and gives it back. */
export class GroundKeeper {
  readonly #node: NodeContext;
  /** The pod's own folder. */
  readonly #dir: string;
  #ground: PodGround | undefined;
  #volumesAtMs = 0;
  /** Tries in a row that have failed, and when to try again, by the monotonic clock. */
  #failures = 0;
  #retryAtMs = 0;

  constructor(node: NodeContext, dir: string) {
    this.#node = node;
    this.#dir = dir;
  }

  get ground(): PodGround | undefined {
    return this.#ground;
  }

  /** The address where the pod is reached; empty while it has no network. */
  get ip(): string {
    return this.#ground?.network.ips[0] ?? "";
  }

  /** How long until another try is worth it, in milliseconds. */
  get retryMs(): number {
    return Math.max(0, this.#retryAtMs - this.#node.clock.monotonicMs());
  }

  /** Undefined when it can not be had yet, which is told; see `retryMs`. */
  async prepare(pod: Pod): Promise<PodGround | undefined> {
    if (this.#ground !== undefined) {
      await this.#refreshVolumes(pod, this.#ground);
      return this.#ground;
    }
    if (this.retryMs > 0) return undefined;
    this.#volumesAtMs = this.#node.clock.monotonicMs();
    try {
      this.#ground = await prepareGround(pod, this.#dir, this.#node);
      this.#failures = 0;
      return this.#ground;
    } catch (error) {
      this.#failures++;
      const pauseMs = retryPauseMs(this.#failures, GROUND_RETRY);
      this.#retryAtMs = this.#node.clock.monotonicMs() + pauseMs;
      if (errorCode(error) !== "SANDBOX_FAILED") this.#tell(pod, "FailedMount", error);
      else this.#tell(pod, "FailedCreatePodSandBox", error, "Failed to create pod sandbox: ");
      return undefined;
    }
  }

  /** Ends what still runs and gives namespaces, network and addresses back. Nothing happens without a ground. */
  async release(): Promise<void> {
    const ground = this.#ground;
    this.#ground = undefined;
    await ground?.network[Symbol.asyncDispose]();
  }

  async #refreshVolumes(pod: Pod, ground: PodGround): Promise<void> {
    const nowMs = this.#node.clock.monotonicMs();
    if (nowMs - this.#volumesAtMs < REFRESH_MS) return;
    this.#volumesAtMs = nowMs;
    try {
      await refreshVolumes(pod, this.#dir, this.#node, ground);
    } catch (error) {
      this.#tell(pod, "FailedMount", error);
    }
  }

  #tell(pod: Pod, reason: string, error: unknown, prefix = ""): void {
    const message = `${prefix}${describeError(error)}`;
    this.#node.events.record(pod, { type: "Warning", reason, message });
  }
}
