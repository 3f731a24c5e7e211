import { ageOf } from "../human-duration.ts";
import type { ControllerRevision, Lease, Namespace } from "../types.ts";
import { ageColumn, column, type KindTable, nameColumn, none } from "./table-shape.ts";

/** How `kubectl get` shows Namespaces. */
export const namespaceTable: KindTable<Namespace> = {
  columns: [
    nameColumn,
    column("Status", "Whether the namespace is in use or going away."),
    ageColumn,
  ],
  row: ({ metadata, status }, nowMs) => ({
    cells: [metadata.name ?? "", status?.phase ?? "", ageOf(metadata.creationTimestamp, nowMs)],
  }),
};

/** How `kubectl get` shows Leases. */
export const leaseTable: KindTable<Lease> = {
  columns: [nameColumn, column("Holder", "Who holds the lease."), ageColumn],
  row: ({ metadata, spec }, nowMs) => ({
    cells: [
      metadata.name ?? "",
      spec?.holderIdentity ?? "",
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  }),
};

/** How `kubectl get` shows ControllerRevisions. */
export const controllerRevisionTable: KindTable<ControllerRevision> = {
  columns: [
    nameColumn,
    column("Controller", "What the revision belongs to."),
    column("Revision", "Number of the revision; later ones are higher."),
    ageColumn,
  ],
  row: ({ metadata, revision }, nowMs) => ({
    cells: [
      metadata.name ?? "",
      controllerText({ metadata }),
      revision,
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  }),
};

/** The controlling owner as `statefulset.apps/web`. */
function controllerText({ metadata }: Pick<ControllerRevision, "metadata">): string {
  const owner = (metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
  if (owner === undefined) return none;
  const group = owner.apiVersion.includes("/") ? `.${owner.apiVersion.split("/")[0]}` : "";
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}
