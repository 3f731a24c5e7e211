import { createHash } from "node:crypto";
import {
  type AggregatedVersion,
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
} from "../api/discovery.ts";
import {
  type OpenApiDocument,
  openApiDocument,
  openApiIndex,
  openApiV2Document,
  openApiV2Protobuf,
} from "../api/openapi.ts";
import { type Answer, type Incoming, jsonAnswer } from "./exchange.ts";
import { isJson, type MediaRange, parseAccept, requireJson } from "./negotiate.ts";
import { noSuchPath, notAcceptable } from "./refusals.ts";

/** Answers for paths that describe the API; undefined for any other path. */
export function describeApi(request: Incoming, serverAddress: string): Answer | undefined {
  const path = request.path.replace(/\/+$/, "");
  if (path === "/api" || path === "/apis") return rootDiscovery(request, path, serverAddress);
  if (path.startsWith("/openapi/")) return openApi(request, path);
  const [, root, first, second, more] = path.split("/");
  if (more !== undefined) return undefined;
  if (root === "api" && first !== undefined && second === undefined) {
    return described(request, apiResourceList("", first));
  }
  if (root === "apis" && first !== undefined) {
    return described(
      request,
      second === undefined ? apiGroup(first) : apiResourceList(first, second),
    );
  }
  return undefined;
}

/** `GET /`: every path that describes something. */
export function describePaths(healthChecks: readonly string[]): Answer {
  const groups = apiGroupList().groups.flatMap(({ name, versions }) => [
    `/apis/${name}`,
    ...versions.map(({ groupVersion }) => `/apis/${groupVersion}`),
  ]);
  const health = ["/healthz", "/livez", "/readyz"].flatMap((root) => [
    root,
    ...healthChecks.map((check) => `${root}/${check}`),
  ]);
  const described = ["/api", "/api/v1", "/apis", "/openapi/v2", "/openapi/v3", "/version"];
  return jsonAnswer(200, { paths: [...described, ...groups, ...health].sort() });
}

function described(request: Incoming, value: object | undefined): Answer {
  if (value === undefined) throw noSuchPath();
  return tagged(request, value, "application/json");
}

function rootDiscovery(request: Incoming, path: "/api" | "/apis", serverAddress: string): Answer {
  for (const range of parseAccept(request.headers["accept"])) {
    if (!isJson(range.type)) continue;
    const version = aggregatedVersion(range);
    if (version !== undefined) {
      const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
      return tagged(request, aggregatedDiscovery(path === "/api" ? "api" : "apis", version), type);
    }
    if (range.parameters["as"] === undefined) {
      const plain = path === "/api" ? apiVersions(serverAddress) : apiGroupList();
      return tagged(request, plain, "application/json");
    }
  }
  throw notAcceptable(["application/json"]);
}

/** Parameters are compared whole: "v2" is the beginning of "v2beta1". */
function aggregatedVersion({ parameters }: MediaRange): AggregatedVersion | undefined {
  const { g, v, as } = parameters;
  if (g !== "apidiscovery.k8s.io" || as !== "APIGroupDiscoveryList") return undefined;
  return v === "v2" || v === "v2beta1" ? v : undefined;
}

/** JSON with an ETag; 304 for who has it already. */
function tagged(request: Incoming, value: object, contentType: string): Answer {
  const text = JSON.stringify(value);
  const etag = `"${createHash("sha256").update(text).digest("hex").toUpperCase()}"`;
  const headers = { etag, vary: "Accept", "cache-control": "public" };
  if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: [] };
  const body = [Buffer.from(text)];
  return { status: 200, headers: { ...headers, "content-type": contentType }, body };
}

const v2Protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
const v2ProtobufDotted = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

function openApi(request: Incoming, path: string): Answer {
  if (path === "/openapi/v2") return openApiV2(request);
  // Clients that would rather have protobuf take JSON as well.
  requireJson(request.headers["accept"]);
  if (path === "/openapi/v3") return tagged(request, openApiIndex(), "application/json");
  const document = openApiDocument(path.slice("/openapi/v3/".length));
  if (document === undefined) throw noSuchPath();
  return compressed(request, document);
}

function openApiV2(request: Incoming): Answer {
  for (const { type } of parseAccept(request.headers["accept"])) {
    if (isJson(type)) return compressed(request, openApiV2Document());
    if (type === v2Protobuf || type === v2ProtobufDotted) {
      const headers = { "content-type": v2ProtobufDotted, vary: "Accept" };
      return { status: 200, headers, body: [openApiV2Protobuf] };
    }
  }
  throw notAcceptable([v2ProtobufDotted, "application/json"]);
}

function compressed(request: Incoming, document: OpenApiDocument): Answer {
  const etag = `"${document.hash}"`;
  const hash = request.query.get("hash");
  // A URL with the right hash names this content and no other: it may be kept for ever.
  const cache = hash === document.hash ? "public, immutable" : "no-cache, private";
  const headers = { etag, vary: "Accept, Accept-Encoding", "cache-control": cache };
  if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: [] };
  const typed = { ...headers, "content-type": "application/json" };
  if (acceptsGzip(request)) {
    return {
      status: 200,
      headers: { ...typed, "content-encoding": "gzip" },
      body: [document.gzip],
    };
  }
  return { status: 200, headers: typed, body: [document.json()] };
}

export function acceptsGzip({ headers }: Pick<Incoming, "headers">): boolean {
  return (headers["accept-encoding"] ?? "")
    .split(",")
    .some((entry) => /^\s*gzip\s*(;\s*q=(1|0\.\d*[1-9]\d*).*)?$/.test(entry));
}
