import { STRICT_ERRORS_MAX } from "../conform.ts";
import { syntaxProblem } from "./json-syntax.ts";

/** Text that is no JSON, or no YAML. */
export class SyntaxFault extends Error {}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of a body. Throws a SyntaxFault for bytes that are no UTF-8. */
export function decodeText(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new SyntaxFault("invalid UTF-8");
  }
}

/** The value of a text. Throws a SyntaxFault that says, as Go's reader does, where it stops being JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SyntaxFault(syntaxProblem(text) ?? message);
  }
}

/** What a strict reader does not like of a member. */
export interface StrictFault {
  readonly problem: "duplicate" | "unknown";
  readonly path: string;
}

/**
 * Names that stand twice in one object, and those of `unknown`, in the order of the text. Nobody looks into an
 * unknown member, nor counts how often it stands there. `value` is what the text was parsed to: when it is written
 * back to the very same text, as clients' compact bodies mostly are, there can't be a name twice and the slow look
 * is saved.
 */
export function strictFaults(
  text: string,
  value: unknown,
  unknown: readonly string[],
): readonly StrictFault[] {
  if (unknown.length === 0 && writtenBack(value) === text.trimEnd()) return [];
  return scanForFaults(text, new Set(unknown));
}

function writtenBack(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // The only way in which writing parsed JSON can fail: it is nested deeper than the stack.
    throw new SyntaxFault("exceeded max depth");
  }
}

interface Frame {
  readonly path: string;
  /** Names seen so far; undefined in a list, and in what nobody looks into. */
  readonly names: Set<string> | undefined;
  readonly isIgnored: boolean;
  index: number;
}

/** Goes through valid JSON once, with a stack of its own, and reads nothing but names. */
function scanForFaults(text: string, unknown: ReadonlySet<string>): readonly StrictFault[] {
  const found = new Map<string, StrictFault>();
  const stack: Frame[] = [];
  let childPath = "";
  let i = 0;
  while (i < text.length && found.size < STRICT_ERRORS_MAX) {
    const frame = stack.at(-1);
    const char = text[i];
    if (char === '"') {
      const end = endOfString(text, i);
      if (frame?.names !== undefined && isName(text, end)) {
        const name: unknown = JSON.parse(text.slice(i, end));
        childPath = frame.path === "" ? `${name}` : `${frame.path}.${name}`;
        const isUnknown = unknown.has(childPath);
        if ((isUnknown || frame.names.has(`${name}`)) && !found.has(childPath)) {
          const problem = isUnknown ? "unknown" : "duplicate";
          found.set(childPath, { problem, path: childPath });
        }
        frame.names.add(`${name}`);
      }
      i = end;
      continue;
    }
    if (char === "{" || char === "[") {
      const isItem = frame !== undefined && frame.names === undefined;
      const path = isItem ? `${frame.path}[${frame.index}]` : childPath;
      const isIgnored = (frame?.isIgnored ?? false) || (!isItem && unknown.has(path));
      const names = char === "{" && !isIgnored ? new Set<string>() : undefined;
      stack.push({ path, names, isIgnored, index: 0 });
    } else if (char === "}" || char === "]") {
      stack.pop();
    } else if (char === "," && frame !== undefined) {
      frame.index++;
    }
    i++;
  }
  return [...found.values()];
}

/** Where the string that starts at `start` is over. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

/** Whether a colon follows: in valid JSON only a name has one. */
function isName(text: string, end: number): boolean {
  let i = end;
  while (" \t\r\n".includes(text[i] ?? "x")) i++;
  return text[i] === ":";
}
