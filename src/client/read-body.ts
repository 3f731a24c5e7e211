import { ClientError } from "./decode.ts";

/** Collects a body as text; fails above `bytesMax`. */
export async function readBody(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      throw new ClientError(
        "ANSWER_TOO_LARGE",
        `Cannot read the API server's answer: more than ${bytesMax} bytes`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Cuts a body into lines without their line ends; fails when one line is above `lineBytesMax`. */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", start)) {
      const line = rest.slice(start, end).trim();
      start = end + 1;
      if (line !== "") yield line;
    }
    rest = rest.slice(start);
    if (rest.length > lineBytesMax) {
      throw new ClientError(
        "ANSWER_TOO_LARGE",
        `Cannot read the watch: one event has more than ${lineBytesMax} bytes`,
      );
    }
  }
  if (rest.trim() !== "") yield rest.trim();
}
