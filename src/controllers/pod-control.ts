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

/** What events say of pods; each workload has its own words. */
export interface PodEventWords {
  readonly done: (verb: PodVerb, pod: string, owner: string) => string;
  readonly failed: (verb: PodVerb, pod: string, owner: string, error: string) => string;
}

export type PodVerb = "create" | "update" | "delete";

/** Makes, changes and removes pods for a workload and tells so on the workload. */
export interface PodControl {
  create(owner: KubeObject, pod: Pod): Promise<Pod>;
  /** Sets labels; nothing happens to another pod of the name. */
  label(owner: KubeObject, pod: Pod, labels: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves as well when the pod is already gone. */
  remove(owner: KubeObject, pod: Pod): Promise<void>;
}

export function createPodControl(
  api: Api,
  recorder: EventRecorder,
  words: PodEventWords,
): PodControl {
  const title = { create: "Create", update: "Update", delete: "Delete" } as const;
  const tell = (owner: KubeObject, verb: PodVerb, pod: string) => {
    const message = words.done(verb, pod, owner.metadata.name ?? "");
    recorder.record(owner, { type: "Normal", reason: `Successful${title[verb]}`, message });
  };
  const tellFailure = (owner: KubeObject, verb: PodVerb, pod: string, error: unknown) => {
    const message = words.failed(verb, pod, owner.metadata.name ?? "", describeError(error));
    recorder.record(owner, { type: "Warning", reason: `Failed${title[verb]}`, message });
  };
  return {
    async create(owner: KubeObject, pod: Pod): Promise<Pod> {
      try {
        const created = await api.create(pods, pod);
        tell(owner, "create", created.metadata.name ?? "");
        return created;
      } catch (error) {
        // Neither is a failure: the cache was late, or nothing is to be made any more.
        if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) {
          tellFailure(owner, "create", pod.metadata.name ?? "", error);
        }
        throw error;
      }
    },

    async label(owner, pod, labels): Promise<void> {
      const { name = "", namespace = "", uid } = pod.metadata;
      try {
        const body = { metadata: { uid, labels } };
        await api.patch(pods, { namespace, name }, { type: "merge", body });
        tell(owner, "update", name);
      } catch (error) {
        tellFailure(owner, "update", name, error);
        throw error;
      }
    },

    async remove(owner: KubeObject, pod: Pod): Promise<void> {
      const { name = "" } = pod.metadata;
      try {
        if (await deleteExactly(api, pods, pod)) tell(owner, "delete", name);
      } catch (error) {
        tellFailure(owner, "delete", name, error);
        throw error;
      }
    },
  };
}
