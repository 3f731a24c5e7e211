import { STRICT_ERRORS_MAX } from "../conform.ts";

/** Text that is no JSON. The message is Go's where it has a short one. */
export class SyntaxFault extends Error {}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/^(Unexpected end|Unterminated)/.test(message)) {
      throw new SyntaxFault("unexpected end of JSON input");
    }
    throw new SyntaxFault(message.replace(/^./, (letter) => letter.toLowerCase()));
  }
}

/**
 * Paths of names that stand twice in one object. `value` is what the text was parsed to: when it is written back
 * to the very same text, as clients' compact bodies mostly are, there can't be a name twice and the slow look
 * is saved.
 */
export function duplicateFields(text: string, value: unknown): readonly string[] {
  return writtenBack(value) === text.trimEnd() ? [] : scanForDuplicates(text);
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
  /** Names seen so far; undefined in a list. */
  readonly names: Set<string> | undefined;
  index: number;
}

/** Goes through valid JSON once, with a stack of its own, and reads nothing but names. */
function scanForDuplicates(text: string): readonly string[] {
  const found = new Set<string>();
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
        if (frame.names.has(`${name}`)) found.add(childPath);
        frame.names.add(`${name}`);
      }
      i = end;
      continue;
    }
    if (char === "{" || char === "[") {
      const path =
        frame !== undefined && frame.names === undefined
          ? `${frame.path}[${frame.index}]`
          : childPath;
      stack.push({ path, names: char === "{" ? new Set() : undefined, index: 0 });
    } else if (char === "}" || char === "]") {
      stack.pop();
    } else if (char === "," && frame !== undefined) {
      frame.index++;
    }
    i++;
  }
  return [...found];
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
