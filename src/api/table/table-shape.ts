import type { KubeObject } from "../types.ts";

/** `metav1.TableColumnDefinition`. */
export interface TableColumn {
  readonly name: string;
  readonly type: "integer" | "string";
  /** `name` marks the column that identifies the object. */
  readonly format: "" | "name";
  readonly description: string;
  /** 0 is always shown, 1 with `-o wide` only. */
  readonly priority: 0 | 1;
}

/** What a client may do with a row: `Completed` rows can be hidden. */
export interface TableRowCondition {
  readonly type: "Completed";
  readonly status: "True";
  readonly reason: string;
  readonly message: string;
}

/** The variable part of `metav1.TableRow`; the object is added by the server. */
export interface TableRow {
  readonly cells: readonly (number | string)[];
  readonly conditions?: readonly TableRowCondition[];
}

/** How one kind is shown. */
export interface KindTable<T extends KubeObject = KubeObject> {
  readonly columns: readonly TableColumn[];
  row(object: T, nowMs: number): TableRow;
}

/** A column that is always shown. */
export function column(name: string, description: string, type: TableColumn["type"] = "string") {
  return { name, type, format: "", description, priority: 0 } satisfies TableColumn;
}

/** A column that is shown with `-o wide`. */
export function wideColumn(name: string, description: string, type?: TableColumn["type"]) {
  return { ...column(name, description, type), priority: 1 } satisfies TableColumn;
}

/** The first column of every kind. */
export const nameColumn: TableColumn = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name of the object, unique within its namespace and kind.",
  priority: 0,
};

/** The column that tells how old an object is. */
export const ageColumn: TableColumn = column("Age", "Time since the object was created.");

/** What kubectl shows for nothing. */
export const none = "<none>";
/** A text, or `<none>` for an empty one. */
export const orNone = (text: string | undefined): string =>
  text === undefined || text === "" ? none : text;

/** Labels as `a=b,c=d`, sorted by key. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .toSorted();
  return orNone(pairs.join(","));
}

/** How many entries a cell lists before it says how many more there are. */
const listedMax = 3;

/** `a,b,c + 7 more...` */
export function shortList(all: readonly string[]): string {
  const shown = all.slice(0, listedMax).join(",");
  return all.length > listedMax ? `${shown} + ${all.length - listedMax} more...` : shown;
}
