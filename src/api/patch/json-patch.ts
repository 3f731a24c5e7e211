import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type JsonObject, setProperty } from "../conform.ts";
import type { JsonValue } from "../schema/schema.ts";
import { PatchFault } from "./patch-fault.ts";

/** Kubernetes takes no more operations in one patch. */
const OPERATIONS_MAX = 10_000;

/** All `copy` operations together may copy this much: a short patch could double a value again and again. */
const COPIED_BYTES_MAX = 30 * 1024 * 1024;

const operationNames = ["add", "copy", "move", "remove", "replace", "test"] as const;

type OperationName = (typeof operationNames)[number];

interface Operation {
  readonly op: OperationName;
  readonly path: Pointer;
  readonly from: Pointer;
  readonly value: JsonValue;
}

/** A JSON pointer, taken apart. */
type Pointer = readonly string[];

/** What the operations have in common. */
interface Budget {
  copiedBytes: number;
}

/** Applies a JSON patch (RFC 6902): all of its operations, or none. */
export function jsonPatch(original: JsonObject, patch: JsonValue): JsonValue {
  const operations = parseOperations(patch);
  const budget: Budget = { copiedBytes: 0 };
  return operations.reduce<JsonValue>(
    (value, operation) => apply(value, operation, budget),
    original,
  );
}

/** Members that no operation has, as paths such as `[0].foo`. */
export function unknownMembers(patch: JsonValue): readonly string[] {
  if (!Array.isArray(patch)) return [];
  const list: readonly JsonValue[] = patch;
  return list.flatMap((operation, i) =>
    isJsonObject(operation)
      ? Object.keys(operation)
          .filter((name) => !["op", "path", "from", "value"].includes(name))
          .map((name) => `[${i}].${name}`)
      : [],
  );
}

function parseOperations(patch: JsonValue): readonly Operation[] {
  if (!Array.isArray(patch))
    throw new PatchFault("malformed", "a JSON patch is a list of operations");
  const list: readonly JsonValue[] = patch;
  if (list.length > OPERATIONS_MAX) {
    throw new PatchFault(
      "tooLarge",
      `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${list.length}`,
    );
  }
  return list.map(parseOperation);
}

function parseOperation(item: JsonValue): Operation {
  if (!isJsonObject(item))
    throw new PatchFault("malformed", "an operation of a JSON patch is an object");
  const { op, path, from, value } = item;
  const name = operationNames.find((known) => known === op);
  if (name === undefined) {
    const shown = typeof op === "string" ? op : "unknown";
    throw new PatchFault("inapplicable", `Unexpected kind: ${shown}`);
  }
  const needsValue = name === "add" || name === "replace" || name === "test";
  if (needsValue && value === undefined) {
    throw new PatchFault("malformed", `operation "${name}" has no value`);
  }
  const needsFrom = name === "copy" || name === "move";
  return {
    op: name,
    path: parsePointer(path, "path"),
    from: needsFrom ? parsePointer(from, "from") : [],
    value: value ?? null,
  };
}

function parsePointer(text: JsonValue | undefined, member: string): Pointer {
  if (typeof text !== "string" || (text !== "" && !text.startsWith("/"))) {
    throw new PatchFault(
      "malformed",
      `"${member}" is no JSON pointer: ${JSON.stringify(text ?? "")}`,
    );
  }
  return text
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function apply(root: JsonValue, operation: Operation, budget: Budget): JsonValue {
  const { op, path, from, value } = operation;
  const shown = pointerText(path);
  switch (op) {
    case "add":
      return editAt(
        root,
        path,
        `add operation does not apply: doc is missing path: "${shown}"`,
        (parent, key) => added(parent, key, value, `error in add for path: '${shown}'`),
      );
    case "remove":
      return editAt(
        root,
        path,
        `remove operation does not apply: doc is missing path: "${shown}"`,
        (parent, key) => removed(parent, key, `error in remove for path: '${shown}'`),
      );
    case "replace":
      if (path.length === 0 && isJsonObject(value)) return value;
      return editAt(
        root,
        path,
        `replace operation does not apply: doc is missing path: ${shown}`,
        (parent, key) => replaced(parent, key, value, shown),
      );
    case "test": {
      const parentIsMissing = `test operation does not apply: is missing path: ${shown}`;
      const found =
        path.length === 0 ? root : childOf(parentOf(root, path, parentIsMissing), keyOf(path));
      if (isDeepStrictEqual(found ?? null, value)) return root;
      throw fault(`testing value ${shown} failed: test failed`);
    }
    case "copy": {
      const copied = readFrom(root, from, op);
      budget.copiedBytes += JSON.stringify(copied).length;
      if (budget.copiedBytes > COPIED_BYTES_MAX) {
        throw new PatchFault(
          "tooLarge",
          `the copies of the patch are larger than ${COPIED_BYTES_MAX} bytes`,
        );
      }
      return put(root, path, op, copied, "error while adding value during copy");
    }
    case "move": {
      if (from.length < path.length && from.every((part, i) => part === path[i])) {
        throw fault(`cannot move ${pointerText(from)} into itself`);
      }
      const moved = readFrom(root, from, op);
      const rest = editAt(root, from, "", (parent, key) => removed(parent, key, ""));
      return put(rest, path, op, moved, `error in move for path: '${shown}'`);
    }
  }
}

type Container = JsonObject | readonly JsonValue[];

function fault(message: string): PatchFault {
  return new PatchFault("inapplicable", message);
}

function keyOf(path: Pointer): string {
  return path.at(-1) ?? "";
}

/** What holds the value that a pointer names; `isMissing` says that there is none. The whole document has no parent. */
function parentOf(root: JsonValue, path: Pointer, isMissing: string): Container {
  const parent = path
    .slice(0, -1)
    .reduce<JsonValue | undefined>(
      (value, key) => (isContainer(value) ? childOf(value, key) : undefined),
      root,
    );
  if (path.length > 0 && isContainer(parent)) return parent;
  throw fault(`${isMissing}: missing value`);
}

/** Copies the way to the pointer's parent, and puts there what `change` makes of it. */
function editAt(
  root: JsonValue,
  path: Pointer,
  isMissing: string,
  change: (parent: Container, key: string) => JsonValue,
): JsonValue {
  parentOf(root, path, isMissing);
  const edit = (value: JsonValue | undefined, [key = "", ...rest]: Pointer): JsonValue => {
    if (!isContainer(value)) throw fault(isMissing);
    if (rest.length === 0) return change(value, key);
    const next = edit(childOf(value, key), rest);
    return isJsonObject(value)
      ? withProperty(value, key, next)
      : value.with(indexOf(value, key) ?? 0, next);
  };
  return edit(root, path);
}

function readFrom(root: JsonValue, from: Pointer, op: "copy" | "move"): JsonValue {
  const shown = pointerText(from);
  const key = keyOf(from);
  const parent = parentOf(
    root,
    from,
    `${op} operation does not apply: doc is missing from path: ${shown}`,
  );
  const value = childOf(parent, key);
  if (value !== undefined) return value;
  const head =
    op === "copy" ? `error in copy for from: '${shown}'` : `error in move for path: '${key}'`;
  throw fault(`${head}: ${absence(parent, key, "unable to get")}`);
}

function put(
  root: JsonValue,
  path: Pointer,
  op: "copy" | "move",
  value: JsonValue,
  head: string,
): JsonValue {
  const isMissing = `${op} operation does not apply: doc is missing destination path: ${pointerText(path)}`;
  return editAt(root, path, isMissing, (parent, key) => added(parent, key, value, head));
}

function isContainer(value: JsonValue | undefined): value is Container {
  return typeof value === "object" && value !== null;
}

function childOf(container: Container, key: string): JsonValue | undefined {
  if (isJsonObject(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  const index = indexOf(container, key);
  return index === undefined ? undefined : container[index];
}

/** The place of a list that a key names; Kubernetes counts from the end as well, with -1 for the last. */
function indexOf(list: readonly JsonValue[], key: string): number | undefined {
  if (!/^-?\d{1,9}$/.test(key)) return undefined;
  const index = Number(key) < 0 ? Number(key) + list.length : Number(key);
  return index >= 0 && index < list.length ? index : undefined;
}

/** Why there is nothing under a key. */
function absence(container: Container, key: string, verb: string): string {
  if (isJsonObject(container)) return `${verb} nonexistent key: ${key}: missing value`;
  return /^-?\d+$/.test(key)
    ? `Unable to access invalid index: ${key}: invalid index referenced`
    : `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
}

/** `head` begins what is said of a place that there is not. */
function added(parent: Container, key: string, value: JsonValue, head: string): JsonValue {
  if (isJsonObject(parent)) return withProperty(parent, key, value);
  // One place more than there is: the new item may come after the last.
  const index = key === "-" ? parent.length : indexOf([...parent, null], key);
  if (index === undefined) throw fault(`${head}: ${absence(parent, key, "")}`);
  return parent.toSpliced(index, 0, value);
}

function replaced(parent: Container, key: string, value: JsonValue, shown: string): JsonValue {
  if (childOf(parent, key) === undefined) {
    throw fault(`replace operation does not apply: doc is missing key: ${shown}: missing value`);
  }
  return isJsonObject(parent)
    ? withProperty(parent, key, value)
    : parent.with(indexOf(parent, key) ?? 0, value);
}

function withProperty(parent: JsonObject, key: string, value: JsonValue): JsonObject {
  const copy = { ...parent };
  setProperty(copy, key, value);
  return copy;
}

function removed(parent: Container, key: string, head: string): JsonValue {
  if (childOf(parent, key) === undefined) {
    throw fault(`${head}: ${absence(parent, key, "Unable to remove")}`);
  }
  if (!isJsonObject(parent)) return parent.toSpliced(indexOf(parent, key) ?? 0, 1);
  const copy: Record<string, JsonValue> = { ...parent };
  delete copy[key];
  return copy;
}

function pointerText(path: Pointer): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
