import { isCollection, isMap, isScalar, type Node, parseDocument } from "yaml";
import { STRICT_ERRORS_MAX } from "../conform.ts";
import { SyntaxFault } from "./json.ts";

/** A short text of aliases can stand for gigabytes; more of them than this are refused. */
const ALIASES_MAX = 100;

export interface YamlValue {
  readonly value: unknown;
  /** Paths of keys that stand twice in one map. */
  readonly duplicates: readonly string[];
}

/**
 * Reads one YAML document as Kubernetes does: YAML 1.1 (`yes` is a boolean, `0644` octal), but without the
 * types that Go's reader leaves as text: timestamps, and numbers to the base of 60.
 */
export function parseYaml(text: string): YamlValue {
  try {
    const document = parseDocument(text, {
      version: "1.1",
      uniqueKeys: false,
      logLevel: "silent",
      customTags: (tags) =>
        tags.filter(
          (tag) =>
            typeof tag === "string" ||
            (tag.tag !== "tag:yaml.org,2002:timestamp" && tag.format !== "TIME"),
        ),
    });
    const [error] = document.errors.filter(({ code }) => code !== "MULTIPLE_DOCS");
    if (error !== undefined) throw new SyntaxFault(firstLine(error.message));
    const duplicates: string[] = [];
    collectDuplicates(document.contents, "", duplicates);
    return { value: document.toJS({ maxAliasCount: ALIASES_MAX }), duplicates };
  } catch (error) {
    if (error instanceof SyntaxFault) throw error;
    // Nested too deep for the stack, or too many aliases.
    throw new SyntaxFault(error instanceof Error ? firstLine(error.message) : String(error));
  }
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0]?.replace(/:$/, "") ?? "";
}

function collectDuplicates(node: Node | null, path: string, found: string[]): void {
  if (!isCollection(node)) return;
  const names = new Set<string>();
  for (const [i, item] of node.items.entries()) {
    if (!isMap(node)) {
      collectDuplicates(asNode(item), `${path}[${i}]`, found);
      continue;
    }
    const pair = node.items[i];
    const name = isScalar(pair?.key) ? String(pair.key.value) : "";
    const childPath = path === "" ? name : `${path}.${name}`;
    if (names.has(name) && name !== "<<" && found.length < STRICT_ERRORS_MAX) found.push(childPath);
    names.add(name);
    collectDuplicates(asNode(pair?.value), childPath, found);
  }
}

function asNode(value: unknown): Node | null {
  return isCollection(value) ? value : null;
}
