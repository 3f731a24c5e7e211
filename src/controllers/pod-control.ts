import { pods } from "../api/resource.ts";
import { isAlreadyExists } from "../api/status-error.ts";
import type { KubeObject, OwnerReference, Pod, PodTemplateSpec } from "../api/types.ts";
import type { Api } from "../client/api.ts";
import type { EventRecorder } from "../client/events.ts";
import { describeError } from "../lib/errors.ts";
import { isNamespaceTerminating } from "./controller.ts";
import { deleteExactly } from "./delete-exactly.ts";

/** A pod as its template says, owned by a workload. The name is the caller's matter. */
export function podFrom(
  template: PodTemplateSpec | undefined,
  namespace: string,
  owner: OwnerReference,
  name: { readonly name: string } | { readonly generateName: string },
): Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    metadata: {
      ...name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [owner],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
  };
}

/** Makes and removes pods for a workload and tells so on the workload. */
export interface PodControl {
  create(owner: KubeObject, pod: Pod): Promise<Pod>;
  /** Resolves as well when the pod is already gone. */
  remove(owner: KubeObject, pod: Pod): Promise<void>;
}

export function createPodControl(api: Api, recorder: EventRecorder): PodControl {
  return {
    async create(owner: KubeObject, pod: Pod): Promise<Pod> {
      try {
        const created = await api.create(pods, pod);
        const message = `Created pod: ${created.metadata.name}`;
        recorder.record(owner, { type: "Normal", reason: "SuccessfulCreate", message });
        return created;
      } catch (error) {
        // Neither is a failure: the cache was late, or nothing is to be made any more.
        if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) {
          const message = `Error creating: ${describeError(error)}`;
          recorder.record(owner, { type: "Warning", reason: "FailedCreate", message });
        }
        throw error;
      }
    },

    async remove(owner: KubeObject, pod: Pod): Promise<void> {
      const { name = "" } = pod.metadata;
      try {
        if (!(await deleteExactly(api, pods, pod))) return;
        const message = `Deleted pod: ${name}`;
        recorder.record(owner, { type: "Normal", reason: "SuccessfulDelete", message });
      } catch (error) {
        const message = `Error deleting: ${describeError(error)}`;
        recorder.record(owner, { type: "Warning", reason: "FailedDelete", message });
        throw error;
      }
    },
  };
}
