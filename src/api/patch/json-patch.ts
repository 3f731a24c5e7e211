import { isDeepStrictEqual } from "node:util";
import { isJson, isJsonObject, type JsonObject, setProperty } from "../conform.ts";
import type { JsonValue } from "../schema/schema.ts";
import {
  type Container,
  childOf,
  indexOf,
  isContainer,
  keyOf,
  type Pointer,
  parsePointer,
  pointerText,
} from "./json-pointer.ts";
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

/** What the operations have in common. */
interface Progress {
  copiedBytes: number;
  /**
   * Objects and lists that this patch has made, and nobody else holds: they are changed in place. Copying them for each
   * operation took 17 s for 10,000 that fill one map.
   */
  readonly objects: WeakMap<JsonObject, Record<string, JsonValue>>;
  readonly lists: WeakMap<readonly JsonValue[], JsonValue[]>;
}

/** Applies a JSON patch (RFC 6902): all of its operations, or none. */
export function jsonPatch(original: JsonObject, patch: JsonValue): JsonValue {
  const operations = parseOperations(patch);
  const progress: Progress = { copiedBytes: 0, objects: new WeakMap(), lists: new WeakMap() };
  return operations.reduce<JsonValue>(
    (value, operation) => apply(value, operation, progress),
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

function apply(root: JsonValue, operation: Operation, progress: Progress): JsonValue {
  const { op, path, from, value } = operation;
  const shown = pointerText(path);
  switch (op) {
    case "add":
      return editAt(
        root,
        path,
        progress,
        `add operation does not apply: doc is missing path: "${shown}"`,
        (parent, key) => added(parent, key, value, `error in add for path: '${shown}'`),
      );
    case "remove":
      return editAt(
        root,
        path,
        progress,
        `remove operation does not apply: doc is missing path: "${shown}"`,
        (parent, key) => removed(parent, key, `error in remove for path: '${shown}'`),
      );
    case "replace":
      if (path.length === 0 && isJsonObject(value)) return value;
      return editAt(
        root,
        path,
        progress,
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
      const found = readFrom(root, from, op);
      if (!isJson(found)) throw new PatchFault("tooLarge", "exceeded max depth");
      const text = JSON.stringify(found);
      progress.copiedBytes += text.length;
      if (progress.copiedBytes > COPIED_BYTES_MAX) {
        throw new PatchFault(
          "tooLarge",
          `the copies of the patch are larger than ${COPIED_BYTES_MAX} bytes`,
        );
      }
      // A value of its own: a change in one place must not show in the other.
      const copied: JsonValue = JSON.parse(text);
      return put(root, operation, progress, copied, "error while adding value during copy");
    }
    case "move": {
      if (from.length < path.length && from.every((part, i) => part === path[i])) {
        throw fault(`cannot move ${pointerText(from)} into itself`);
      }
      const moved = readFrom(root, from, op);
      const rest = editAt(root, from, progress, "", (parent, key) => removed(parent, key, ""));
      return put(rest, operation, progress, moved, `error in move for path: '${shown}'`);
    }
  }
}

type OwnContainer = Record<string, JsonValue> | JsonValue[];

function fault(message: string): PatchFault {
  return new PatchFault("inapplicable", message);
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

/** Makes the way to the pointer's parent the patch's own, and has `change` change the parent. */
function editAt(
  root: JsonValue,
  path: Pointer,
  progress: Progress,
  isMissing: string,
  change: (parent: OwnContainer, key: string) => void,
): JsonValue {
  parentOf(root, path, isMissing);
  const edit = (value: JsonValue | undefined, [key = "", ...rest]: Pointer): JsonValue => {
    if (!isContainer(value)) throw fault(isMissing);
    const own = owned(value, progress);
    if (rest.length === 0) change(own, key);
    else place(own, key, edit(childOf(value, key), rest));
    return own;
  };
  return edit(root, path);
}

function owned(value: Container, { objects, lists }: Progress): OwnContainer {
  if (isJsonObject(value)) {
    const own = objects.get(value) ?? { ...value };
    objects.set(own, own);
    return own;
  }
  const own = lists.get(value) ?? [...value];
  lists.set(own, own);
  return own;
}

/** Puts a value where there is one already. */
function place(parent: OwnContainer, key: string, value: JsonValue): void {
  if (Array.isArray(parent)) parent[indexOf(parent.length, key) ?? 0] = value;
  else setProperty(parent, key, value);
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
  { op, path }: Operation,
  progress: Progress,
  value: JsonValue,
  head: string,
): JsonValue {
  const isMissing = `${op} operation does not apply: doc is missing destination path: ${pointerText(path)}`;
  return editAt(root, path, progress, isMissing, (parent, key) => added(parent, key, value, head));
}

/** Why there is nothing under a key. */
function absence(container: Container, key: string, verb: string): string {
  if (isJsonObject(container)) return `${verb} nonexistent key: ${key}: missing value`;
  return /^-?\d+$/.test(key)
    ? `Unable to access invalid index: ${key}: invalid index referenced`
    : `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
}

/** `head` begins what is said of a place that there is not. */
function added(parent: OwnContainer, key: string, value: JsonValue, head: string): void {
  if (!Array.isArray(parent)) {
    setProperty(parent, key, value);
    return;
  }
  // One place more than there is: the new item may come after the last.
  const index = key === "-" ? parent.length : indexOf(parent.length + 1, key);
  if (index === undefined) throw fault(`${head}: ${absence(parent, key, "")}`);
  parent.splice(index, 0, value);
}

function replaced(parent: OwnContainer, key: string, value: JsonValue, shown: string): void {
  if (childOf(parent, key) === undefined) {
    throw fault(`replace operation does not apply: doc is missing key: ${shown}: missing value`);
  }
  place(parent, key, value);
}

function removed(parent: OwnContainer, key: string, head: string): void {
  if (childOf(parent, key) === undefined) {
    throw fault(`${head}: ${absence(parent, key, "Unable to remove")}`);
  }
  if (Array.isArray(parent)) parent.splice(indexOf(parent.length, key) ?? 0, 1);
  else delete parent[key];
}
