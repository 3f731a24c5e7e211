import { withDefaults } from "../../api/defaults.ts";
import { type Kind, kindOfResource } from "../../api/kinds.ts";
import { apiVersionOf, namespaces } from "../../api/resource.ts";
import type { KubeObject } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import {
  alreadyExists,
  badRequest,
  forbidden,
  generatedNameTaken,
  internalError,
  notFound,
  versionOnCreate,
} from "../refusals.ts";
import { objectOf } from "../store/item.ts";
import { type Guard, keyOf } from "../store/object-store.ts";
import { admitCreate } from "./admission.ts";
import {
  unstoredItem,
  type WriteContext,
  type Written,
  withMetadata,
  withoutMetadata,
} from "./write-context.ts";

export interface CreateOptions {
  readonly dryRun: boolean;
  /** The namespace in the path. */
  readonly namespace: string | undefined;
}

/** So often is a generated name drawn; Kubernetes does the same. */
const GENERATE_TRIES = 8;
/** So often is a write tried whose surroundings change meanwhile. */
const GUARD_TRIES = 16;
/** A generated name fits into a DNS label. */
const GENERATED_BASE_MAX = 58;
/** Without vowels, so that no words come out; without what looks like something else. */
const SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** Creates an object, or throws the answer that says why not. */
export async function createObject(
  context: WriteContext,
  kind: Kind,
  body: KubeObject,
  options: CreateOptions,
): Promise<Written> {
  const placed = inNamespace(kind, body, options.namespace);
  const { resourceVersion = "" } = placed.metadata;
  if (resourceVersion !== "" && resourceVersion !== "0") throw versionOnCreate();
  const generateName = placed.metadata.name ? undefined : placed.metadata.generateName;
  let guardTries = 0;
  for (let tries = 1; ; tries++) {
    const named =
      generateName === undefined
        ? placed
        : withMetadata(placed, { name: generatedName(generateName, context.random) });
    const outcome = await tryCreate(context, kind, named, options);
    if (outcome.type === "done") return outcome.written;
    const name = named.metadata.name ?? "";
    if (outcome.type === "again") {
      if (++guardTries >= GUARD_TRIES) throw internalError("the namespace changes all the time");
      tries -= 1;
    } else if (generateName === undefined) {
      throw alreadyExists(kind, name, outcome.isDeleting);
    } else if (tries >= GENERATE_TRIES) {
      throw generatedNameTaken(kind, name);
    }
  }
}

type Outcome =
  | { readonly type: "done"; readonly written: Written }
  | { readonly type: "exists"; readonly isDeleting: boolean }
  | { readonly type: "again" };

async function tryCreate(
  context: WriteContext,
  kind: Kind,
  body: KubeObject,
  { dryRun }: CreateOptions,
): Promise<Outcome> {
  const { store } = context;
  const { namespace, name = "" } = body.metadata;
  const guards = kind.namespaced ? [guardNamespace(context, kind, namespace ?? "", name)] : [];
  const key = keyOf(kind.namespaced ? namespace : undefined, name);
  // What is stored says its kind, also when the server itself is the author.
  const fresh = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    ...withMetadata(withoutMetadata(body, "managedFields"), {
      uid: context.uuid(),
      creationTimestamp: formatTime(context.clock.now()),
    }),
  };
  const defaulted = withDefaults(kind, fresh);
  const admitted = admitCreate(context.allocators, kind, defaulted, { dryRun });
  const { warnings } = admitted;
  const existing = () => {
    const item = store.get(kind, key);
    return item === undefined ? undefined : objectOf(item);
  };
  if (dryRun) {
    admitted.rollback();
    const old = existing();
    if (old !== undefined) return { type: "exists", isDeleting: isDeleting(old) };
    const item = unstoredItem(key, admitted.object);
    return { type: "done", written: { item, warnings, created: true } };
  }
  const result = await store.put(kind, key, admitted.object, 0, guards).catch((error: unknown) => {
    admitted.rollback();
    throw error;
  });
  if (result.done) {
    admitted.commit();
    const item = store.itemAt(kind, key, { object: admitted.object, revision: result.revision });
    return { type: "done", written: { item, warnings, created: true } };
  }
  admitted.rollback();
  const old = existing();
  return old === undefined ? { type: "again" } : { type: "exists", isDeleting: isDeleting(old) };
}

function isDeleting({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** The object in the namespace of the path; a cluster-scoped one in none. Throws when it says otherwise. */
export function inNamespace(
  kind: Kind,
  object: KubeObject,
  namespace: string | undefined,
): KubeObject {
  if (!kind.namespaced) return withoutMetadata(object, "namespace");
  if (namespace === undefined || namespace === "") return object;
  const own = object.metadata.namespace ?? "";
  if (own !== "" && own !== namespace) {
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  }
  return withMetadata(object, { namespace });
}

const namespaceKind = kindOfResource(namespaces);

/** The namespace must exist, not be about to go, and stay so until the write. */
function guardNamespace(
  { store }: WriteContext,
  kind: Kind,
  namespace: string,
  name: string,
): Guard {
  const item = store.get(namespaceKind, namespace);
  if (item === undefined) throw notFound(namespaceKind, namespace);
  if (isDeleting(objectOf(item))) {
    throw forbidden(
      kind,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${namespace} is being terminated`,
          field: "metadata.namespace",
        },
      ],
    );
  }
  return { kind: namespaceKind, key: namespace, revision: item.revision };
}

function generatedName(base: string, random: () => number): string {
  const suffix = Array.from(
    { length: 5 },
    () => SUFFIX_ALPHABET[Math.floor(random() * SUFFIX_ALPHABET.length)] ?? "b",
  );
  return base.slice(0, GENERATED_BASE_MAX) + suffix.join("");
}
