import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type JsonObject, setProperty } from "../conform.ts";
import type { JsonValue } from "../schema/schema.ts";
import { PatchFault } from "./patch-fault.ts";

/** Kubernetes takes no more operations in one patch. */
const OPERATIONS_MAX = 10_000;

/** All `copy` operations together may copy this much: a short patch could double a value again and again. */
const COPIED_BYTES_MAX = 30 * 1024 * 1024;

const operationNames = ["add", "copy", "move", "remove", "replace", "test"] as const;

interface Operation {
  readonly op: (typeof operationNames)[number];
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
    throw new PatchFault("malformed", `Unexpected kind: ${JSON.stringify(op ?? "")}`);
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
  switch (op) {
    case "add":
      return edit(root, path, op, (parent, key) => added(parent, key, value, path));
    case "remove":
      return edit(root, path, op, (parent, key) => removed(parent, key, path, op));
    case "replace":
      return edit(root, path, op, (parent, key) => replaced(parent, key, value, path));
    case "test":
      if (isDeepStrictEqual(read(root, path) ?? null, value)) return root;
      throw new PatchFault("inapplicable", `testing path ${pointerText(path)} failed: test failed`);
    case "copy": {
      const copied = mustRead(root, from, op);
      budget.copiedBytes += JSON.stringify(copied).length;
      if (budget.copiedBytes > COPIED_BYTES_MAX) {
        throw new PatchFault(
          "tooLarge",
          `the copies of the patch are larger than ${COPIED_BYTES_MAX} bytes`,
        );
      }
      return edit(root, path, op, (parent, key) => added(parent, key, copied, path));
    }
    case "move": {
      if (from.length < path.length && from.every((part, i) => part === path[i])) {
        throw new PatchFault("inapplicable", `cannot move ${pointerText(from)} into itself`);
      }
      const moved = mustRead(root, from, op);
      const rest = edit(root, from, op, (parent, key) => removed(parent, key, from, op));
      return edit(rest, path, op, (parent, key) => added(parent, key, moved, path));
    }
  }
}

type Container = JsonObject | readonly JsonValue[];

/** Copies the way to the pointer's parent, and puts there what `change` makes of it. */
function edit(
  value: JsonValue,
  path: Pointer,
  op: string,
  change: (parent: Container, key: string) => JsonValue,
): JsonValue {
  const [key, ...rest] = path;
  // The whole document has no parent; Kubernetes' objects are never replaced as a whole.
  if (key === undefined) throw missing(op, path);
  if (!isContainer(value)) throw missing(op, path);
  if (rest.length === 0) return change(value, key);
  const child = childOf(value, key);
  if (child === undefined) throw missing(op, path);
  const next = edit(child, rest, op, change);
  if (!isJsonObject(value)) return value.with(Number(key), next);
  const copy = { ...value };
  setProperty(copy, key, next);
  return copy;
}

function isContainer(value: JsonValue | undefined): value is Container {
  return typeof value === "object" && value !== null;
}

function childOf(container: Container, key: string): JsonValue | undefined {
  if (isJsonObject(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  return /^(0|[1-9]\d{0,8})$/.test(key) ? container[Number(key)] : undefined;
}

function read(root: JsonValue, path: Pointer): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (value, key) => (isContainer(value) ? childOf(value, key) : undefined),
    root,
  );
}

function mustRead(root: JsonValue, path: Pointer, op: string): JsonValue {
  const value = read(root, path);
  if (value === undefined) throw missing(op, path);
  return value;
}

function added(parent: Container, key: string, value: JsonValue, path: Pointer): JsonValue {
  if (isJsonObject(parent)) return withProperty(parent, key, value);
  const index =
    key === "-" ? parent.length : Number(/^(0|[1-9]\d{0,8})$/.test(key) ? key : Number.NaN);
  if (!(index <= parent.length)) {
    throw new PatchFault(
      "inapplicable",
      `add operation does not apply: ${pointerText(path)}: invalid index`,
    );
  }
  return parent.toSpliced(index, 0, value);
}

function replaced(parent: Container, key: string, value: JsonValue, path: Pointer): JsonValue {
  if (childOf(parent, key) === undefined) throw missing("replace", path);
  return isJsonObject(parent) ? withProperty(parent, key, value) : parent.with(Number(key), value);
}

function withProperty(parent: JsonObject, key: string, value: JsonValue): JsonObject {
  const copy = { ...parent };
  setProperty(copy, key, value);
  return copy;
}

function removed(parent: Container, key: string, path: Pointer, op: string): JsonValue {
  if (childOf(parent, key) === undefined) throw missing(op, path);
  if (!isJsonObject(parent)) return parent.toSpliced(Number(key), 1);
  const copy: Record<string, JsonValue> = { ...parent };
  delete copy[key];
  return copy;
}

function missing(op: string, path: Pointer): PatchFault {
  return new PatchFault(
    "inapplicable",
    `${op} operation does not apply: doc is missing path: ${pointerText(path)}: missing value`,
  );
}

function pointerText(path: Pointer): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
