import type { IncomingMessage } from "node:http";

/** What is asked for. What is no URL, such as `//`, asks for nothing that anybody has. */
export function requestUrl({ url = "/" }: Pick<IncomingMessage, "url">): URL {
  return URL.parse(url, "https://node") ?? new URL("https://node/");
}
