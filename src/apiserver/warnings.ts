import type { Answer } from "./exchange.ts";

/** All warnings of one answer together, in characters; beyond it each is cut short, then the rest is left out. */
const TOTAL_MAX = 4 * 1024;
const SHORT_MAX = 256;

/**
 * The same answer with warnings, before those that it has already, in the form of RFC 7234 §5.5 that kubectl prints:
 * `299 - "text"`.
 */
export function withWarnings(answer: Answer, warnings: readonly string[]): Answer {
  const first = warningHeader(warnings);
  if (first === undefined) return answer;
  const { warning: rest } = answer.headers;
  const warning = rest === undefined ? first : `${first}, ${rest}`;
  return { ...answer, headers: { ...answer.headers, warning } };
}

/** One header line for all of them; undefined when there is nothing to say. */
export function warningHeader(warnings: readonly string[]): string | undefined {
  const texts = [...new Set(warnings)].map(printable);
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  const short = total > TOTAL_MAX ? texts.map((text) => text.slice(0, SHORT_MAX)) : texts;
  const lines: string[] = [];
  let length = 0;
  for (const text of short) {
    length += text.length;
    if (length > TOTAL_MAX) break;
    lines.push(`299 - "${text.replaceAll(/[\\"]/g, "\\$&")}"`);
  }
  return lines.length === 0 ? undefined : lines.join(", ");
}

/** A header value has no control characters; what is not ASCII goes as the bytes of its UTF-8. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  const clean = text.replaceAll(/[\u0000-\u001f\u007f]+/g, " ");
  return Buffer.from(clean, "utf8").toString("latin1");
}
