import { decodeMeta } from "../../api/decode.ts";
import { type Answer, type Incoming, successAnswer } from "../exchange.ts";
import { badRequest, methodNotAllowed } from "../refusals.ts";
import { deleteObject } from "../write/delete.ts";
import type { Place, WriteContext } from "../write/write-context.ts";
import { contentType } from "../write/write-handlers.ts";
import { writeOptions } from "../write/write-options.ts";

/** `pods/eviction`: a deletion that disruption budgets may delay. There are none yet, so it never waits. */
export async function handleEviction(
  context: WriteContext,
  place: Place,
  request: Incoming,
): Promise<Answer> {
  if (request.method !== "POST") throw methodNotAllowed();
  const { dryRun, fieldValidation } = writeOptions(request.query, "CreateOptions");
  const body = await request.readBody();
  const { object } = decodeMeta("Eviction", body, contentType(request), { fieldValidation });
  const name = object.metadata?.name ?? place.name;
  if (name !== place.name) {
    throw badRequest(`name in URL does not match name in Eviction object`);
  }
  const options = { ...object.deleteOptions, ...(dryRun ? { dryRun: ["All"] } : {}) };
  await deleteObject(context, place, options);
  return successAnswer(201, { code: 201 });
}
