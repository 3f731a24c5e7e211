import { namespaces, pods } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { KubeObject, Namespace } from "../../api/types.ts";
import type { DiscoveredResource } from "../../client/discovery.ts";
import { keyOf } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import { describeError } from "../../lib/errors.ts";
import type { ControllerContext } from "../controller.ts";
import { runLoop } from "../controller.ts";
import { isTerminating } from "../pods.ts";
import type { Remains, RoundOutcome } from "./conditions.ts";
import { namespaceConditions } from "./conditions.ts";

/** The entry of `spec.finalizers` that this controller answers for. */
const FINALIZER = "kubernetes";
/** The wait for objects that only their finalizers hold. */
const FINALIZERS_WAIT_MS = 15_000;
/** Deletes that are sent at the same time. */
const DELETES_AT_ONCE = 32;

/** Empties namespaces that are being deleted, then lets them go. */
export async function runNamespaces(context: ControllerContext): Promise<void> {
  const { api, informers, clock } = context;
  const namespaceCache = informers.informer(namespaces);
  const podCache = informers.informer(pods);

  async function work(name: string): Promise<WorkResult> {
    const namespace = namespaceCache.get(name);
    if (namespace === undefined || !isTerminating(namespace)) return undefined;
    if (!(namespace.spec?.finalizers ?? []).includes(FINALIZER)) return undefined;
    const outcome = await empty(name);
    const { remains, failures, failedGroupVersions } = outcome;
    const conditions = namespaceConditions(namespace, outcome, clock.now());
    const status = { ...namespace.status, phase: "Terminating", conditions };
    const isTold = semanticEqual(status, namespace.status);
    const isEmpty = remains.length + failures.length + failedGroupVersions.length === 0;
    if (!isEmpty) {
      if (!isTold) await api.update(namespaces, { ...namespace, status }, "status");
      return { againAfterMs: waitMs(remains) };
    }
    await finalize({ ...namespace, status });
    return undefined;
  }

  /** One round: pods first, since NetworkPolicies and their like must outlive them (ordered deletion, 1.33). */
  async function empty(name: string): Promise<RoundOutcome> {
    const { resources, failedGroupVersions } = await api.discover();
    const deletable = resources.filter(
      ({ namespaced, verbs }) => namespaced && verbs.includes("delete") && verbs.includes("list"),
    );
    const isPods = ({ group, plural }: DiscoveredResource) => group === "" && plural === "pods";
    const failures: string[] = [];
    const podRemains = await emptyKinds(name, deletable.filter(isPods), failures);
    if (podRemains.length > 0) return { remains: podRemains, failures, failedGroupVersions };
    const others = deletable.filter((resource) => !isPods(resource));
    const remains = await emptyKinds(name, others, failures);
    return { remains, failures, failedGroupVersions };
  }

  async function emptyKinds(
    namespace: string,
    kinds: readonly DiscoveredResource[],
    failures: string[],
  ): Promise<Remains[]> {
    const remains: Remains[] = [];
    for (const resource of kinds) {
      const { items } = await api.list<KubeObject>(resource, { namespace });
      if (items.length === 0) continue;
      failures.push(...(await deleteAll(resource, items)));
      const { items: left } = await api.list<KubeObject>(resource, { namespace });
      if (left.length > 0) {
        remains.push({ resource: `${resource.plural}.${resource.group}`, objects: left });
      }
    }
    return remains;
  }

  async function deleteAll(
    resource: DiscoveredResource,
    objects: readonly KubeObject[],
  ): Promise<string[]> {
    const failures: string[] = [];
    const pending = objects.filter((object) => !isTerminating(object));
    for (let start = 0; start < pending.length; start += DELETES_AT_ONCE) {
      const batch = pending.slice(start, start + DELETES_AT_ONCE);
      await Promise.all(
        batch.map(async ({ metadata: { name = "", namespace = "" } }) => {
          try {
            const options = { propagationPolicy: "Background" } as const;
            await api.delete(resource, { namespace, name }, options);
          } catch (error) {
            if (!isNotFound(error)) failures.push(describeError(error));
          }
        }),
      );
    }
    return failures;
  }

  async function finalize(namespace: Namespace): Promise<void> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((entry) => entry !== FINALIZER);
    try {
      const spec = { ...namespace.spec, finalizers };
      await api.update(namespaces, { ...namespace, spec }, "finalize");
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  await runLoop(context, {
    name: "namespace-controller",
    caches: [namespaceCache, podCache],
    work,
    wake: (queue) => {
      namespaceCache.subscribe(({ type, object }) => {
        if (type !== "DELETED" && isTerminating(object)) queue.add(keyOf(object));
      });
      // The last pod's end is what most namespaces wait for.
      podCache.subscribe(({ type, object }) => {
        const { namespace = "" } = object.metadata;
        if (type !== "DELETED" || podCache.listNamespace(namespace).length > 0) return;
        const owner = namespaceCache.get(namespace);
        if (owner !== undefined && isTerminating(owner)) queue.add(namespace);
      });
    },
  });
}

/** Half the longest grace that is left, and a second: pods tend to end before their time. */
function waitMs(remains: readonly Remains[]): number {
  const graceSeconds = remains.flatMap(({ objects }) =>
    objects.map(({ metadata }) => metadata.deletionGracePeriodSeconds ?? 0),
  );
  const longestMs = 1000 * graceSeconds.reduce((a, b) => Math.max(a, b), 0);
  return (longestMs > 0 ? longestMs : FINALIZERS_WAIT_MS) / 2 + 1_000;
}
