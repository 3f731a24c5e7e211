import type { Answer, Incoming } from "./exchange.ts";
import { parseAccept } from "./negotiate.ts";

/** Larger answers stay compact: indenting one holds up everybody else for about 10 ms per megabyte. */
const INDENTED_BYTES_MAX = 1024 * 1024;

const newline = Buffer.from("\n");
const trueWords: readonly string[] = ["1", "t", "T", "TRUE", "true", "True"];

/** JSON as Kubernetes sends it: indented for who reads it, else in one line with its end. */
export function presented(answer: Answer, request: Incoming): Answer {
  if (!("body" in answer) || answer.body.length === 0) return answer;
  const { headers, body } = answer;
  const isJson = headers["content-type"]?.startsWith("application/json") ?? false;
  if (!isJson || headers["content-encoding"] !== undefined) return answer;
  const bytes = body.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (bytes > INDENTED_BYTES_MAX || !isForReaders(request)) {
    return { ...answer, body: [...body, newline] };
  }
  const value: unknown = JSON.parse(Buffer.concat(body).toString("utf8"));
  return { ...answer, body: [Buffer.from(JSON.stringify(value, undefined, 2))] };
}

/** Who asks for it, or comes with a program that shows an answer as it is. */
function isForReaders({ query, headers }: Incoming): boolean {
  const wish = query.get("pretty") ?? "";
  if (wish !== "") return trueWords.includes(wish);
  const [best] = parseAccept(headers["accept"]);
  if (best?.parameters["pretty"] === "1") return true;
  return /^(curl|Wget|Mozilla\/5\.0)/.test(headers["user-agent"] ?? "");
}
