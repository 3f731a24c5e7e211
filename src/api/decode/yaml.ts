import { isCollection, isMap, isScalar, Lexer, LineCounter, type Node, parseDocument } from "yaml";
import { STRICT_ERRORS_MAX } from "../conform.ts";
import { SyntaxFault } from "./json.ts";

/** A short text of aliases can stand for gigabytes; more of them than this are refused. */
const ALIASES_MAX = 100;

/**
 * Reading takes about 2 us a token, and everybody waits: so many take 0.3 s, and make 20,000 lines of fields. A block
 * of text is one token, however long.
 */
const TOKENS_MAX = 150_000;

/** A YAML document that has been read. */
export interface YamlValue {
  readonly value: unknown;
  /** Keys that stand twice in one map, as Go's reader tells of them: one line each. */
  readonly duplicates: readonly string[];
}

/**
 * Reads one YAML document as Kubernetes does: YAML 1.1 (`yes` is a boolean, `0644` octal), but without the
 * types that Go's reader leaves as text: timestamps, and numbers to the base of 60.
 */
export function parseYaml(text: string): YamlValue {
  try {
    checkSize(text);
    const lineCounter = new LineCounter();
    const document = parseDocument(text, {
      version: "1.1",
      lineCounter,
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
    collectDuplicates(document.contents, lineCounter, duplicates);
    return { value: document.toJS({ maxAliasCount: ALIASES_MAX }), duplicates };
  } catch (error) {
    if (error instanceof SyntaxFault) throw error;
    // Nested too deep for the stack, or too many aliases.
    throw new SyntaxFault(error instanceof Error ? firstLine(error.message) : String(error));
  }
}

function checkSize(text: string): void {
  // No token is empty but those that begin a document.
  if (text.length < TOKENS_MAX) return;
  let count = 0;
  for (const _ of new Lexer().lex(text)) {
    if (++count > TOKENS_MAX) throw new SyntaxFault(`more than ${TOKENS_MAX} tokens`);
  }
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0]?.replace(/:$/, "") ?? "";
}

function collectDuplicates(node: Node | null, lines: LineCounter, found: string[]): void {
  if (!isCollection(node)) return;
  const names = new Set<string>();
  for (const [i, item] of node.items.entries()) {
    if (!isMap(node)) {
      collectDuplicates(asNode(item), lines, found);
      continue;
    }
    const pair = node.items[i];
    const key = isScalar(pair?.key) ? pair.key : undefined;
    const name = String(key?.value ?? "");
    if (names.has(name) && name !== "<<" && found.length < STRICT_ERRORS_MAX) {
      const { line } = lines.linePos(key?.range?.[0] ?? 0);
      found.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
    }
    names.add(name);
    collectDuplicates(asNode(pair?.value), lines, found);
  }
}

function asNode(value: unknown): Node | null {
  return isCollection(value) ? value : null;
}
