/** One request to an API server. `path` includes the query. Header names are lower case. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Its answer; `body` yields chunks until the answer (or the watch) ends. Header names are lower case. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * How requests reach the API server: HTTPS to any server, or a call into one in the same process.
 * Aborting the signal ends the request and a body being read.
 */
export interface Transport {
  request(request: ApiRequest, signal?: AbortSignal): Promise<ApiResponse>;
  [Symbol.asyncDispose](): Promise<void>;
}
