import { namespaces, pods } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { Namespace, Pod } from "../../api/types.ts";
import type { Api, Informer } from "../../client/api.ts";
import { keyOf } from "../../client/paths.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { runLoop } from "../controller.ts";
import { isTerminating } from "../pods.ts";
import type { Remains } from "./conditions.ts";
import { namespaceConditions } from "./conditions.ts";
import { emptyNamespace } from "./empty.ts";

/** The entry of `spec.finalizers` that this controller answers for. */
const FINALIZER = "kubernetes";
/** The wait for objects that only their finalizers hold. */
const FINALIZERS_WAIT_MS = 15_000;

/** Empties namespaces that are being deleted, then lets them go. */
export function runNamespaces(context: ControllerContext): Promise<void> {
  return runLoop(context, new NamespaceLoop(context));
}

class NamespaceLoop implements Loop {
  readonly name = "namespace-controller";
  readonly caches;
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #namespaces: Informer<Namespace>;
  readonly #pods: Informer<Pod>;

  constructor({ api, informers, clock }: ControllerContext) {
    this.#api = api;
    this.#clock = clock;
    this.#namespaces = informers.informer(namespaces);
    this.#pods = informers.informer(pods);
    this.caches = [this.#namespaces, this.#pods];
  }

  wake(queue: WorkQueue): void {
    this.#namespaces.subscribe(({ type, object }) => {
      if (type !== "DELETED" && isTerminating(object)) queue.add(keyOf(object));
    });
    // The last pod's end is what most namespaces wait for.
    this.#pods.subscribe(({ type, object }) => {
      const { namespace = "" } = object.metadata;
      if (type !== "DELETED" || this.#pods.listNamespace(namespace).length > 0) return;
      const owner = this.#namespaces.get(namespace);
      if (owner !== undefined && isTerminating(owner)) queue.add(namespace);
    });
  }

  async work(name: string): Promise<WorkResult> {
    const namespace = this.#namespaces.get(name);
    if (namespace === undefined || !isTerminating(namespace)) return undefined;
    if (!(namespace.spec?.finalizers ?? []).includes(FINALIZER)) return undefined;
    const outcome = await emptyNamespace(this.#api, name);
    const { remains, failures, failedGroupVersions } = outcome;
    if (remains.length + failures.length + failedGroupVersions.length === 0) {
      await this.#finalize(namespace);
      return undefined;
    }
    const conditions = namespaceConditions(namespace, outcome, this.#clock.now());
    const status = { ...namespace.status, phase: "Terminating", conditions };
    if (!semanticEqual(status, namespace.status)) {
      await this.#api.update(namespaces, { ...namespace, status }, "status");
    }
    return { againAfterMs: waitMs(remains) };
  }

  async #finalize(namespace: Namespace): Promise<void> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((entry) => entry !== FINALIZER);
    try {
      const spec = { ...namespace.spec, finalizers };
      await this.#api.update(namespaces, { ...namespace, spec }, "finalize");
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Half the longest grace that is left, and a second: pods tend to end before their time. */
function waitMs(remains: readonly Remains[]): number {
  const graceSeconds = remains.flatMap(({ objects }) =>
    objects.map(({ metadata }) => metadata.deletionGracePeriodSeconds ?? 0),
  );
  const longestMs = 1000 * graceSeconds.reduce((a, b) => Math.max(a, b), 0);
  return (longestMs > 0 ? longestMs : FINALIZERS_WAIT_MS) / 2 + 1_000;
}
