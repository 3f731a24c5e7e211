import { statefulSets } from "../../api/resource.ts";
import type { Pod, PodTemplateSpec, StatefulSet, Volume } from "../../api/types.ts";
import { controlledBy } from "../owners.ts";
import { podFrom } from "../pod-control.ts";

/** The label that names the revision a pod was made from. */
const REVISION_LABEL = "controller-revision-hash";
const POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name";
const POD_INDEX_LABEL = "apps.kubernetes.io/pod-index";

/** A pod of a set and the template it is made from. */
export interface PodRecipe {
  readonly set: StatefulSet;
  readonly ordinal: number;
  readonly template: PodTemplateSpec;
  /** Name of the ControllerRevision that holds the template. */
  readonly revision: string;
}

/** The pod with this ordinal: its name is its hostname, and its claims are its own. */
export function statefulPod({ set, ordinal, template, revision }: PodRecipe): Pod {
  const { name: setName = "", namespace = "" } = set.metadata;
  const name = `${setName}-${ordinal}`;
  const pod = podFrom(template, namespace, controlledBy(statefulSets, set), { name });
  const claims = set.spec?.volumeClaimTemplates ?? [];
  const claimed = claims.map(({ metadata }): Volume => {
    const claimName = `${metadata.name}-${name}`;
    return { name: metadata.name ?? "", persistentVolumeClaim: { claimName } };
  });
  const others = (pod.spec?.volumes ?? []).filter(
    (volume) => !claimed.some((claim) => claim.name === volume.name),
  );
  const volumes = [...claimed, ...others];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata.labels,
        ...identityLabels(name, ordinal),
        [REVISION_LABEL]: revision,
      },
    },
    spec: {
      ...(pod.spec ?? { containers: [] }),
      hostname: name,
      subdomain: set.spec?.serviceName ?? "",
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
}

/** The labels that a pod's name and number must bear, where it bears others or none; undefined where it does. */
export function lostIdentity(pod: Pod, ordinal: number): Record<string, string> | undefined {
  const { name = "", labels = {} } = pod.metadata;
  const wanted = identityLabels(name, ordinal);
  return Object.entries(wanted).every(([key, value]) => labels[key] === value) ? undefined : wanted;
}

function identityLabels(name: string, ordinal: number): Record<string, string> {
  return { [POD_NAME_LABEL]: name, [POD_INDEX_LABEL]: String(ordinal) };
}

/** The number at the end of a pod's name; undefined if the pod is none of the set's by name. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const { name = "" } = pod.metadata;
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^(0|[1-9]\d{0,9})$/.test(digits) ? Number(digits) : undefined;
}

export function revisionOfPod({ metadata }: Pod): string | undefined {
  return metadata.labels?.[REVISION_LABEL];
}
