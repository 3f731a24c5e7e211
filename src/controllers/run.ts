import { describeError } from "../lib/errors.ts";
import type { ControllerContext } from "./controller.ts";
import { runDeployments } from "./deployment/run.ts";
import { runEndpoints } from "./endpoints/run.ts";
import type { EndpointSliceOptions } from "./endpointslice/run.ts";
import { runEndpointSlices } from "./endpointslice/run.ts";
import { runEndpointSliceMirroring } from "./endpointslicemirroring/run.ts";
import { runGarbageCollector } from "./garbagecollector/run.ts";
import { runNamespaces } from "./namespace/run.ts";
import type { NodeLifecycleOptions } from "./nodelifecycle/run.ts";
import { runNodeLifecycle } from "./nodelifecycle/run.ts";
import type { PodGcOptions } from "./podgc/run.ts";
import { runPodGc } from "./podgc/run.ts";
import { runReplicaSets } from "./replicaset/run.ts";
import { runScheduler } from "./scheduler/run.ts";
import type { ServiceAccountOptions } from "./serviceaccount/run.ts";
import { runServiceAccounts } from "./serviceaccount/run.ts";
import { runStatefulSets } from "./statefulset/run.ts";

/** Settings of single controllers; each has a default. */
export interface ControllerOptions {
  readonly endpointSlices?: EndpointSliceOptions;
  readonly nodes?: NodeLifecycleOptions;
  readonly podGc?: PodGcOptions;
  readonly serviceAccounts?: ServiceAccountOptions;
  /** Which run, by name; all unless told. */
  readonly only?: readonly ControllerName[];
}

const controllers = {
  // Slices before Endpoints: they are what data planes wait for.
  endpointslices: (context, options) => runEndpointSlices(context, options.endpointSlices),
  endpoints: runEndpoints,
  endpointslicemirroring: runEndpointSliceMirroring,
  deployments: runDeployments,
  replicasets: runReplicaSets,
  statefulsets: runStatefulSets,
  scheduler: runScheduler,
  namespaces: runNamespaces,
  garbagecollector: (context) => runGarbageCollector(context),
  nodes: (context, options) => runNodeLifecycle(context, options.nodes),
  serviceaccounts: (context, options) => runServiceAccounts(context, options.serviceAccounts),
  podgc: (context, options) => runPodGc(context, options.podGc),
} as const satisfies Readonly<Record<string, Controller>>;

type Controller = (context: ControllerContext, options: ControllerOptions) => Promise<void>;
export type ControllerName = keyof typeof controllers;

/** Runs the controllers until the signal aborts and what they had begun is done. One that fails is said, others go on. */
export async function runControllers(
  input: ControllerContext & { readonly options?: ControllerOptions },
): Promise<void> {
  const { options = {}, ...context } = input;
  const { only } = options;
  const chosen: [string, Controller][] = Object.entries(controllers);
  await Promise.all(
    chosen
      .filter(([name]) => only === undefined || only.some((wanted) => wanted === name))
      .map(async ([name, run]) => {
        try {
          await run(context, options);
        } catch (error) {
          context.log.error("A controller ended", { name, error: describeError(error) });
        }
      }),
  );
}
