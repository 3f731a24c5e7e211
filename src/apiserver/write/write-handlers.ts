import { decodeMeta, decodeObject } from "../../api/decode.ts";
import { invalid, invalidStatus, notSupported } from "../../api/field-error.ts";
import type { Kind } from "../../api/kinds.ts";
import { applyPatch, patchTypeOf } from "../../api/patch/apply-patch.ts";
import { pods, serviceAccounts, services } from "../../api/resource.ts";
import { isNotFound, StatusError } from "../../api/status-error.ts";
import { strategyFor } from "../../api/strategy.ts";
import type { DeleteOptions } from "../../api/types.ts";
import {
  type Answer,
  bytesAnswer,
  type Incoming,
  refusalAnswer,
  successAnswer,
} from "../exchange.ts";
import { type Form, negotiateForm, objectForm } from "../negotiate.ts";
import { filterOf } from "../read/filter.ts";
import { listOptions } from "../read/read-options.ts";
import { renderItem, renderList } from "../read/render.ts";
import { badRequest, preconditionFailed } from "../refusals.ts";
import { objectOf } from "../store/item.ts";
import { withWarnings } from "../warnings.ts";
import { createObject } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { updateObject } from "./update.ts";
import type { Place, WriteContext, Written } from "./write-context.ts";
import { writeOptions } from "./write-options.ts";

export interface CreateRules {
  /** The namespace in the path. */
  readonly namespace: string | undefined;
  /** Throws if the caller may not create an object of this name. */
  readonly check: (name: string) => void;
}

/** POST on a collection. */
export async function handleCreate(
  context: WriteContext,
  kind: Kind,
  request: Incoming,
  options: CreateRules,
): Promise<Answer> {
  const form = negotiateForm(request.headers["accept"], request.query);
  const { dryRun, fieldValidation } = writeOptions(request.query, "CreateOptions");
  const decoded = decodeObject(kind, await request.readBody(), contentType(request), {
    fieldValidation,
  });
  const { object, warnings } = decoded;
  return writtenAnswer(context, kind, { form, warnings }, () => {
    options.check(object.metadata.name ?? "");
    return createObject(context, kind, object, { dryRun, namespace: options.namespace });
  });
}

export interface ReplaceRules {
  readonly subresource: string | undefined;
  /** Throws if the caller may not create what is not there. Absent where nothing is ever created. */
  readonly checkCreate?: () => void;
}

/** PUT on an object, or on a sub-resource that is a part of it. */
export async function handleReplace(
  context: WriteContext,
  place: Place,
  request: Incoming,
  { subresource, checkCreate }: ReplaceRules,
): Promise<Answer> {
  const { kind, namespace } = place;
  const form = negotiateForm(request.headers["accept"], request.query);
  const { dryRun, fieldValidation } = writeOptions(request.query, "UpdateOptions");
  const { object, warnings } = decodeObject(kind, await request.readBody(), contentType(request), {
    fieldValidation,
  });
  const options = { dryRun, subresource, isPatch: false };
  return writtenAnswer(context, kind, { form, warnings }, async () => {
    try {
      return await updateObject(context, place, options, () => object);
    } catch (error) {
      const creates = checkCreate !== undefined && strategyFor(kind).createsOnUpdate;
      if (!isNotFound(error) || !creates || object.metadata.name !== place.name) throw error;
      checkCreate();
      const { resourceVersion: _, uid = "", ...metadata } = object.metadata;
      // Meant for an object that has gone: a late writer must not bring it back.
      if (uid !== "") {
        throw preconditionFailed(kind, place.name, { field: "UID", wanted: uid, is: "" });
      }
      const fresh = { ...object, metadata };
      return createObject(context, kind, fresh, { dryRun, namespace });
    }
  });
}

/** PATCH of an object, or of a sub-resource that is a part of it. */
export async function handlePatch(
  context: WriteContext,
  place: Place,
  request: Incoming,
  subresource: string | undefined,
): Promise<Answer> {
  const { kind } = place;
  const form = negotiateForm(request.headers["accept"], request.query);
  // Before all else: an apply is to hear of the media type, and not of its options or of an object that is not there.
  patchTypeOf(contentType(request));
  const { dryRun, fieldValidation } = writeOptions(request.query, "PatchOptions");
  const body = await request.readBody();
  const heard = new Set<string>();
  const options = { dryRun, subresource, isPatch: true };
  return writtenAnswer(context, kind, { form, warnings: heard }, () =>
    updateObject(context, place, options, (current) =>
      applyPatch(kind, current, body, contentType(request), {
        fieldValidation,
        warn: (text) => heard.add(text),
      }),
    ),
  );
}

/** DELETE of an object. */
export async function handleDelete(
  context: WriteContext,
  place: Place,
  request: Incoming,
): Promise<Answer> {
  const form = negotiateForm(request.headers["accept"], request.query);
  const options = await deleteOptions(request);
  const { item, isGone } = await deleteObject(context, place, options);
  if (!isGone || answersWithObject(place.kind)) {
    // For the sake of old clients only those that say so in the old way hear that it takes time.
    const status = !isGone && options.orphanDependents === false ? 202 : 200;
    return bytesAnswer(status, [renderItem(place.kind, item, form, context.clock.now())]);
  }
  const { group, plural } = place.kind;
  const { uid } = objectOf(item).metadata;
  const details = { name: place.name, ...(group === "" ? {} : { group }), kind: plural, uid };
  return successAnswer(200, { details });
}

/** DELETE of a collection: of each object that the selectors choose, one after the other. */
export async function handleDeleteCollection(
  context: WriteContext,
  kind: Kind,
  request: Incoming,
  namespace: string | undefined,
): Promise<Answer> {
  const options = await deleteOptions(request);
  const filter = filterOf(kind, namespace, request.query);
  const { limit } = listOptions(request.query);
  const { store } = context;
  const chosen = store
    .cacheOf(kind)
    .list(filter.prefix)
    .filter((item) => filter.matches(item))
    .slice(0, limit);
  const revision = store.revision;
  for (const item of chosen) {
    if (request.signal.aborted) break;
    const { name = "", namespace: own } = objectOf(item).metadata;
    const place = { kind, namespace: own, name, key: item.key };
    await deleteObject(context, place, options).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
  const meta = { resourceVersion: String(revision) };
  const body = renderList(kind, chosen, objectForm, { meta, nowMs: context.clock.now() });
  return bytesAnswer(200, body);
}

const deletionOptionsKind = { group: "meta.k8s.io", kind: "DeleteOptions" } as const;
const policies = ["Foreground", "Background", "Orphan"];

/** Options stand in the body or in the query; the body wins. Throws the 400 or 422 answer. */
export async function deleteOptions(request: Incoming): Promise<DeleteOptions> {
  const { query } = request;
  const body = await request.readBody();
  const { dryRun } = writeOptions(query, "DeleteOptions");
  const decoded = decodeMeta("DeleteOptions", body, contentType(request), {
    fieldValidation: "Ignore",
  });
  const grace = query.get("gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  const orphan = query.get("orphanDependents");
  const options: DeleteOptions = {
    ...(grace === null ? {} : { gracePeriodSeconds: secondsOf(grace) }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: orphan === "true" || orphan === "1" }),
    ...decoded.object,
    ...(dryRun ? { dryRun: ["All"] } : {}),
  };
  checkDeleteOptions(options);
  return options;
}

/** Throws the 400 answer for what is no number: an empty text must not mean "at once". */
function secondsOf(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function checkDeleteOptions({
  propagationPolicy,
  orphanDependents,
  gracePeriodSeconds,
  dryRun = [],
}: DeleteOptions): void {
  const errors = [];
  if (dryRun.some((text) => text !== "All")) errors.push(notSupported("dryRun", dryRun, ["All"]));
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    const detail = "orphanDependents and deletionPropagation cannot be both set";
    errors.push(invalid("propagationPolicy", propagationPolicy, detail));
  }
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy)) {
    errors.push(notSupported("propagationPolicy", propagationPolicy, [...policies, "nil"]));
  }
  if (gracePeriodSeconds !== undefined && !Number.isSafeInteger(gracePeriodSeconds)) {
    errors.push(invalid("gracePeriodSeconds", gracePeriodSeconds, "must be an integer"));
  }
  if (errors.length > 0) throw invalidStatus(deletionOptionsKind, "", errors);
}

const answeredWithObject = [pods, serviceAccounts, services];

/** Kinds whose deletion answers with what was deleted; the others answer with a Status. */
function answersWithObject({ group, plural }: Kind): boolean {
  return answeredWithObject.some((one) => one.group === group && one.plural === plural);
}

export function contentType({ headers }: Incoming): string {
  return headers["content-type"] ?? "";
}

/** What was odd about the body is told also when the write is refused for something else. */
async function writtenAnswer(
  { clock }: WriteContext,
  kind: Kind,
  { form, warnings }: { readonly form: Form; readonly warnings: Iterable<string> },
  write: () => Promise<Written>,
): Promise<Answer> {
  try {
    const written = await write();
    const body = [renderItem(kind, written.item, form, clock.now())];
    const answer = bytesAnswer(written.created ? 201 : 200, body);
    return withWarnings(answer, [...warnings, ...written.warnings]);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return withWarnings(refusalAnswer(error), [...warnings]);
  }
}
