import { ageOf } from "./human-duration.ts";
import * as r from "./resource.ts";
import { apiVersionOf, type Resource } from "./resource.ts";
import { configMapTable, secretTable, serviceAccountTable } from "./table/config.ts";
import { eventTable } from "./table/event.ts";
import { endpointSliceTable, endpointsTable, serviceTable } from "./table/network.ts";
import { nodeTable } from "./table/node.ts";
import { controllerRevisionTable, leaseTable, namespaceTable } from "./table/others.ts";
import { podTable } from "./table/pod.ts";
import {
  ageColumn,
  type KindTable,
  nameColumn,
  type TableColumn,
  type TableRow,
} from "./table/table-shape.ts";
import {
  deploymentTable,
  replicaSetTable,
  scaleTable,
  statefulSetTable,
} from "./table/workloads.ts";
import type { KubeObject } from "./types.ts";

/** What tells kinds apart: also those that have no path of their own. */
export type ShownKind = Pick<Resource, "group" | "version" | "kind">;

const keyOf = (resource: ShownKind) => `${apiVersionOf(resource)}/${resource.kind}`;

const tables: ReadonlyMap<string, KindTable> = new Map<string, KindTable>([
  [keyOf(r.pods), podTable],
  [keyOf(r.services), serviceTable],
  [keyOf(r.endpoints), endpointsTable],
  [keyOf(r.endpointSlices), endpointSliceTable],
  [keyOf(r.nodes), nodeTable],
  [keyOf(r.namespaces), namespaceTable],
  [keyOf(r.deployments), deploymentTable],
  [keyOf(r.replicaSets), replicaSetTable],
  [keyOf(r.statefulSets), statefulSetTable],
  [keyOf({ group: "autoscaling", version: "v1", kind: "Scale" }), scaleTable],
  [keyOf(r.configMaps), configMapTable],
  [keyOf(r.secrets), secretTable],
  [keyOf(r.serviceAccounts), serviceAccountTable],
  [keyOf(r.events), eventTable],
  [keyOf(r.leases), leaseTable],
  [keyOf(r.controllerRevisions), controllerRevisionTable],
]);

const plainTable: KindTable = {
  columns: [nameColumn, ageColumn],
  row: ({ metadata }, nowMs) => ({
    cells: [metadata.name ?? "", ageOf(metadata.creationTimestamp, nowMs)],
  }),
};

/** The columns that `kubectl get` shows for a kind; those of priority 1 with `-o wide` only. */
export function columnsOf(resource: ShownKind): readonly TableColumn[] {
  return (tables.get(keyOf(resource)) ?? plainTable).columns;
}

/** The cells of one object, one for each of `columnsOf`. */
export function rowOf(resource: ShownKind, object: KubeObject, nowMs: number): TableRow {
  return (tables.get(keyOf(resource)) ?? plainTable).row(object, nowMs);
}
