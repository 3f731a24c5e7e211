import { pods } from "../../api/resource.ts";
import { isConflict, isNotFound } from "../../api/status-error.ts";
import type { Pod, PodStatus } from "../../api/types.ts";
import type { Api } from "../../client/api.ts";
import type { PodStatusJson } from "../status/pod-status.ts";

/** Writes a pod's status when it has changed, and again when somebody else has changed it. */
export class StatusWriter {
  readonly #api: Api;
  #written: PodStatusJson | undefined;
  /** The resource version of our last write, until the watch has delivered it. */
  #awaited: string | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  /** What was written last: newer than what the watch has delivered. */
  get written(): PodStatusJson | undefined {
    return this.#written;
  }

  /** The watch has delivered the pod; if its status is no longer ours (a node controller wrote), it is due again. */
  observe(pod: Pod): void {
    if (this.#awaited !== undefined && pod.metadata.resourceVersion !== this.#awaited) return;
    this.#awaited = undefined;
    if (this.#written !== undefined && !agrees(pod, this.#written)) this.#written = undefined;
  }

  /** Resolves once the API has the status. Nothing happens when it has it already, or the pod is gone. */
  async write(pod: Pod, status: PodStatusJson): Promise<void> {
    if (this.#written !== undefined && isSame(this.#written, status)) return;
    const { name = "", namespace = "default", uid = "" } = pod.metadata;
    const before = this.#written ?? pod.status ?? {};
    const body = { metadata: { uid }, status: { ...status, ...corrections(before, status) } };
    try {
      const after = await this.#api.patch<Pod>(
        pods,
        { namespace, name },
        { type: "strategic", body, subresource: "status" },
      );
      this.#awaited = after.metadata.resourceVersion;
      this.#written = status;
    } catch (error) {
      // Another pod of the same name has taken its place, or it is gone: the watch will tell.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

/**
 * What a strategic merge needs beyond the new status: lists are merged by address and by condition type, so an
 * address that is gone and a reason that no longer holds must be taken away expressly.
 */
function corrections(before: Pick<PodStatus, "podIPs" | "conditions">, status: PodStatusJson) {
  const ips = (list: readonly { readonly ip: string }[] | undefined) =>
    (list ?? []).map(({ ip }) => ip).join();
  const hasMoved = ips(before.podIPs) !== "" && ips(before.podIPs) !== ips(status.podIPs);
  const conditions = status.conditions.map((condition) => {
    const old = before.conditions?.find(({ type }) => type === condition.type);
    return {
      ...(old?.reason === undefined ? {} : { reason: null }),
      ...(old?.message === undefined ? {} : { message: null }),
      ...condition,
    };
  });
  const podIPs = [{ $patch: "replace" }, ...(status.podIPs ?? [])];
  return { conditions, ...(hasMoved && status.podIPs !== undefined ? { podIPs } : {}) };
}

function isSame(a: PodStatusJson, b: PodStatusJson): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether the phase and the conditions that we own are as we wrote them. */
function agrees(pod: Pod, status: PodStatusJson): boolean {
  const conditions = new Map((pod.status?.conditions ?? []).map((c) => [c.type, c.status]));
  return (
    pod.status?.phase === status.phase &&
    status.conditions.every(({ type, status: own }) => conditions.get(type) === own)
  );
}
