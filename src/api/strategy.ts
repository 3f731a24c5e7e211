import * as r from "./resource.ts";
import { apiVersionOf, type Resource } from "./resource.ts";
import { configMapStrategy, secretStrategy, serviceAccountStrategy } from "./strategy/config.ts";
import { endpointSliceStrategy } from "./strategy/endpoint-slice.ts";
import { endpointsStrategy } from "./strategy/endpoints.ts";
import { eventStrategy } from "./strategy/event.ts";
import { leaseStrategy } from "./strategy/lease.ts";
import { namespaceStrategy } from "./strategy/namespace.ts";
import { nodeStrategy } from "./strategy/node.ts";
import { podStrategy } from "./strategy/pod.ts";
import { serviceStrategy } from "./strategy/service.ts";
import type { Strategy } from "./strategy/strategy-shape.ts";
import {
  controllerRevisionStrategy,
  deploymentStrategy,
  replicaSetStrategy,
  statefulSetStrategy,
} from "./strategy/workloads.ts";

const keyOf = (resource: Resource) => `${apiVersionOf(resource)}/${resource.kind}`;

const strategies: ReadonlyMap<string, Strategy> = new Map<string, Strategy>([
  [keyOf(r.namespaces), namespaceStrategy],
  [keyOf(r.nodes), nodeStrategy],
  [keyOf(r.pods), podStrategy],
  [keyOf(r.services), serviceStrategy],
  [keyOf(r.endpoints), endpointsStrategy],
  [keyOf(r.endpointSlices), endpointSliceStrategy],
  [keyOf(r.configMaps), configMapStrategy],
  [keyOf(r.secrets), secretStrategy],
  [keyOf(r.serviceAccounts), serviceAccountStrategy],
  [keyOf(r.events), eventStrategy],
  [keyOf(r.leases), leaseStrategy],
  [keyOf(r.deployments), deploymentStrategy],
  [keyOf(r.replicaSets), replicaSetStrategy],
  [keyOf(r.statefulSets), statefulSetStrategy],
  [keyOf(r.controllerRevisions), controllerRevisionStrategy],
]);

/** The rules of one stored kind. A kind without rules is a mistake in our code. */
export function strategyFor(resource: Resource): Strategy {
  const strategy = strategies.get(keyOf(resource));
  if (strategy === undefined) throw new TypeError(`No strategy for ${keyOf(resource)}`);
  return strategy;
}
