/** What a path names: an object, a collection or a sub-resource of the API, or something else. */
export type RequestTarget = ResourceTarget | { readonly type: "path"; readonly path: string };

export interface ResourceTarget {
  readonly type: "resource";
  /** "" is core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** The namespace in the path; a namespace is in itself, as Kubernetes' authorization sees it. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Reads a path (without its query) by Kubernetes' grammar. Malformed escapes are kept as they are. */
export function parseTarget(path: string): RequestTarget {
  const parts = path.split("/").filter((part) => part !== "");
  const [root, ...rest] = parts.map(unescaped);
  if (root === "api" && rest.length >= 2) return resourceOf("", rest[0], rest.slice(1), path);
  if (root === "apis" && rest.length >= 3) return resourceOf(rest[0], rest[1], rest.slice(2), path);
  return { type: "path", path };
}

/** Sub-resources of a namespace; any other third part is a resource inside of it. */
const namespaceSubresources = new Set(["status", "finalize"]);

function resourceOf(
  group: string | undefined,
  version: string | undefined,
  parts: readonly string[],
  path: string,
): RequestTarget {
  const isNamespaced =
    parts[0] === "namespaces" &&
    parts.length > 2 &&
    !(parts.length === 3 && namespaceSubresources.has(parts[2] ?? ""));
  const [plural, name, subresource, ...more] = isNamespaced ? parts.slice(2) : parts;
  if (group === undefined || version === undefined || plural === undefined || more.length > 0) {
    return { type: "path", path };
  }
  const own = plural === "namespaces" && group === "" ? name : undefined;
  const namespace = isNamespaced ? parts[1] : own;
  return { type: "resource", group, version, plural, namespace, name, subresource };
}

/** Malformed escapes stay as they are. */
export function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
