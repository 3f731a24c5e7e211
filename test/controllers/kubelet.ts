import { pods } from "../../src/api/resource.ts";
import { isConflict, isNotFound } from "../../src/api/status-error.ts";
import type { Pod } from "../../src/api/types.ts";
import type { Api, Informers } from "../../src/client/api.ts";
import { formatTime } from "../../src/lib/clock.ts";

/** What stands for the agents of all nodes: bound pods become Running and Ready, deleted ones end at once. */
export interface Kubelet {
  /** Pods whose image is in this set stay as they are. */
  readonly broken: Set<string>;
  /** Deleted pods stay while this is set. */
  keepsTerminating: boolean;
  stop(): void;
}

export function startKubelet(api: Api, informers: Informers): Kubelet {
  let addresses = 0;
  const kubelet = { broken: new Set<string>(), keepsTerminating: false, stop: () => {} };

  async function act(pod: Pod): Promise<void> {
    const { name = "", namespace = "" } = pod.metadata;
    if (pod.spec?.nodeName === undefined) return;
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (!kubelet.keepsTerminating) {
        await api.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
      }
      return;
    }
    if (
      kubelet.broken.has(pod.spec.containers[0]?.image ?? "") ||
      pod.status?.phase === "Running"
    ) {
      return;
    }
    const ip = `10.244.${Math.floor(++addresses / 200)}.${(addresses % 200) + 1}`;
    const time = formatTime(Date.now());
    const status = {
      ...pod.status,
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [
        ...(pod.status?.conditions ?? []).filter(({ type }) => type !== "Ready"),
        { type: "Ready", status: "True", lastTransitionTime: time },
      ],
    };
    await api.update(pods, { ...pod, status }, "status");
  }

  kubelet.stop = informers.informer(pods).subscribe(({ type, object }) => {
    if (type === "DELETED") return;
    act(object).catch((error: unknown) => {
      // The pod changed or went meanwhile; its next event comes.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    });
  });
  return kubelet;
}
