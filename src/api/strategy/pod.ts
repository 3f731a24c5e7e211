import type { Pod, PodSpec, PodStatus, Toleration } from "../types.ts";
import { dnsSubdomain } from "../validation/names.ts";
import { validatePod, validatePodChange } from "../validation/pod.ts";
import { validateNewPodSpec } from "../validation/pod-spec.ts";
import { validatePodStatus } from "../validation/pod-status.ts";
import { hostNameWarnings, podSpecWarnings } from "../validation/pod-warnings.ts";
import { qosClassOf } from "./qos-class.ts";
import { defineStrategy, withRequestVersion, withStatus } from "./strategy-shape.ts";

/** The rules of Pods. */
export const podStrategy = defineStrategy<Pod>({
  namespaced: true,
  name: dnsSubdomain,
  counted: ({ spec }) => spec,
  prepareForCreate: (pod) => {
    const spec = pod.spec === undefined ? undefined : admitted(pod.spec);
    const status: PodStatus = {
      phase: "Pending",
      ...(spec === undefined ? {} : { qosClass: qosClassOf(spec), ...gatedStatus(spec) }),
    };
    return { ...pod, ...(spec === undefined ? {} : { spec }), status };
  },
  prepareForUpdate: (pod, old) => withStatus(pod, old.status),
  validate: validatePod,
  validateNew: ({ spec }) => (spec === undefined ? [] : validateNewPodSpec(spec)),
  validateChange: validatePodChange,
  // Pods change often and rarely by hand: what is odd about one is told once.
  warnings: ({ metadata, spec }, old) =>
    old !== undefined || spec === undefined
      ? []
      : [
          ...hostNameWarnings(metadata.name, "the Pod's hostname"),
          ...podSpecWarnings(spec, metadata.annotations, { field: "spec", meta: "metadata" }),
        ],
  fields: {
    "spec.nodeName": ({ spec }) => spec?.nodeName ?? "",
    "spec.host": ({ spec }) => spec?.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec?.restartPolicy ?? "",
    "spec.schedulerName": ({ spec }) => spec?.schedulerName ?? "",
    "spec.serviceAccountName": ({ spec }) => spec?.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => String(spec?.hostNetwork ?? false),
    "status.phase": ({ status }) => status?.phase ?? "",
    "status.podIP": ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP ?? "",
    "status.podIPs": ({ status }) => status?.podIPs?.[0]?.ip ?? "",
    "status.nominatedNodeName": ({ status }) => status?.nominatedNodeName ?? "",
  },
  subresources: {
    status: {
      // Not the labels: a node would choose the Services that its pods are behind.
      prepare: (pod, old) =>
        withStatus(withRequestVersion(pod, old), completeStatus(pod.status, old.status)),
      validate: validatePodStatus,
    },
    // The server itself has put the node's name, the condition and the binding's metadata into the old pod.
    binding: { prepare: (pod) => pod },
  },
});

/** How long a pod stays on a node that is not ready or cannot be reached. */
const tolerationSeconds = 300;

/** The priorities that every cluster has, by their classes. */
const systemPriorities: ReadonlyMap<string, number> = new Map([
  ["system-cluster-critical", 2_000_000_000],
  ["system-node-critical", 2_000_001_000],
]);

/** What Kubernetes' admission adds: service account, priority and the tolerations for lost nodes. */
function admitted(spec: PodSpec): PodSpec {
  const serviceAccountName = spec.serviceAccountName || spec.serviceAccount || "default";
  const tolerations = spec.tolerations ?? [];
  const added = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
    .filter((key) => !tolerations.some((one) => toleratesEviction(one, key)))
    .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds }));
  return {
    ...spec,
    serviceAccountName,
    serviceAccount: serviceAccountName,
    priority: systemPriorities.get(spec.priorityClassName ?? "") ?? spec.priority ?? 0,
    preemptionPolicy: spec.preemptionPolicy ?? "PreemptLowerPriority",
    tolerations: [...tolerations, ...added],
  };
}

function toleratesEviction({ key, effect }: Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === "NoExecute");
}

/** A pod with gates says so from its first moment. */
function gatedStatus({ schedulingGates = [] }: PodSpec): PodStatus {
  if (schedulingGates.length === 0) return {};
  const condition = {
    type: "PodScheduled",
    status: "False",
    reason: "SchedulingGated",
    message: "Scheduling is blocked due to non-empty scheduling gates",
  };
  return { conditions: [condition] };
}

/** Keeps podIP and podIPs in step, of which podIP wins, and the class that was worked out at creation. */
function completeStatus(status: PodStatus = {}, old: PodStatus = {}): PodStatus {
  const [first] = status.podIPs ?? [];
  const podIP = status.podIP || first?.ip;
  const podIPs = podIP === undefined || first?.ip === podIP ? status.podIPs : [{ ip: podIP }];
  const qosClass = status.qosClass || old.qosClass;
  return {
    ...status,
    ...(podIP === undefined ? {} : { podIP }),
    ...(podIPs === undefined ? {} : { podIPs }),
    ...(qosClass === undefined ? {} : { qosClass }),
  };
}
