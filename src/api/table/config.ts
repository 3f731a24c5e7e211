import { ageOf } from "../human-duration.ts";
import type { ConfigMap, Secret, ServiceAccount } from "../types.ts";
import { ageColumn, column, type KindTable, nameColumn } from "./table-shape.ts";

const countOf = (map: object | undefined): number => Object.keys(map ?? {}).length;

/** How `kubectl get` shows ConfigMaps. */
export const configMapTable: KindTable<ConfigMap> = {
  columns: [nameColumn, column("Data", "How many keys it holds."), ageColumn],
  row: ({ metadata, data, binaryData }, nowMs) => ({
    cells: [
      metadata.name ?? "",
      countOf(data) + countOf(binaryData),
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  }),
};

/** How `kubectl get` shows Secrets. */
export const secretTable: KindTable<Secret> = {
  columns: [
    nameColumn,
    column("Type", "What the secret is for."),
    column("Data", "How many keys it holds."),
    ageColumn,
  ],
  row: ({ metadata, type, data }, nowMs) => ({
    cells: [
      metadata.name ?? "",
      type ?? "",
      countOf(data),
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  }),
};

/** How `kubectl get` shows ServiceAccounts. */
export const serviceAccountTable: KindTable<ServiceAccount> = {
  columns: [nameColumn, column("Secrets", "How many secrets it may use."), ageColumn],
  row: ({ metadata, secrets }, nowMs) => ({
    cells: [metadata.name ?? "", (secrets ?? []).length, ageOf(metadata.creationTimestamp, nowMs)],
  }),
};
