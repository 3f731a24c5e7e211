import { isConflict, StatusError } from "../api/status-error.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import {
  type ApiServerPlace,
  kubernetesObjects,
  kubernetesPlace,
  type WantedObject,
} from "./kubernetes-objects.ts";
import { objectOf } from "./store/item.ts";
import { keyOf } from "./store/object-store.ts";
import { isServices } from "./write/admission.ts";
import { createObject } from "./write/create.ts";
import { updateObject } from "./write/update.ts";
import { isSame, type WriteContext } from "./write/write-context.ts";

export interface KubernetesServiceOptions extends ApiServerPlace {
  readonly context: WriteContext;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const { namespace, name } = kubernetesPlace;
const key = keyOf(namespace, name);
const CHECK_EVERY_MS = 10_000;
/** After a change, so that the write that made it has come to its end. */
const PAUSE_MS = 200;

/** Keeps the Service `kubernetes` and its endpoints as they must be, whoever changes or deletes them. */
export async function maintainKubernetesService(options: KubernetesServiceOptions): Promise<void> {
  const { context, signal, log } = options;
  const { store, clock } = context;
  const wanted = kubernetesObjects(options);
  let wake = new AbortController();
  const stop = store.listen((kind, event) => {
    if (event.item.key === key && wanted.some((one) => one.kind === kind)) wake.abort();
  });
  while (!signal.aborted) {
    wake = new AbortController();
    for (const one of wanted) {
      try {
        await reconcile(context, one);
      } catch (error) {
        // Somebody was quicker: look again soon. What fails for another reason, as an address that another Service
        // holds by now, fails again: it waits for the next check.
        if (isConflict(error)) wake.abort();
        else log.warn("Cannot maintain the Service kubernetes", { error: describeError(error) });
      }
    }
    await clock.sleep(CHECK_EVERY_MS, AbortSignal.any([signal, wake.signal]));
    await clock.sleep(PAUSE_MS, signal);
  }
  stop();
}

/** Creates or corrects one of the three. */
export async function reconcile(
  context: WriteContext,
  { kind, object, correct }: WantedObject,
): Promise<void> {
  const item = context.store.get(kind, key);
  if (item === undefined) {
    await createObject(context, kind, object, { dryRun: false, namespace });
    return;
  }
  const current = objectOf(item);
  if (current.metadata.deletionTimestamp !== undefined) return;
  const next = correct(current);
  if (isSame(next, current)) return;
  const options = { dryRun: false, subresource: undefined, isPatch: true };
  const place = { kind, namespace, name, key };
  try {
    await updateObject(context, place, options, correct);
  } catch (error) {
    // Of a Service some fields cannot be changed back: then it is made anew.
    if (!(error instanceof StatusError) || error.code !== "Invalid") throw error;
    const { done } = await context.store.delete(kind, key, item.revision);
    // Somebody was quicker: what is there still holds its address.
    if (done && isServices(kind)) context.allocators.release(current);
  }
}
