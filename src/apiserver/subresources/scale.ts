import { decodeMeta } from "../../api/decode.ts";
import { withDefaults } from "../../api/defaults.ts";
import { invalid, invalidStatus } from "../../api/field-error.ts";
import { bodyTypes } from "../../api/kinds.ts";
import { applyPatch } from "../../api/patch/apply-patch.ts";
import { labelSelectorText } from "../../api/selectors.ts";
import type { Deployment, KubeObject, ReplicaSet, Scale, StatefulSet } from "../../api/types.ts";
import { type Answer, bytesAnswer, type Incoming } from "../exchange.ts";
import { type Form, negotiateForm } from "../negotiate.ts";
import { renderItem } from "../read/render.ts";
import { methodNotAllowed, notFound } from "../refusals.ts";
import { type Item, objectOf } from "../store/item.ts";
import { updateObject } from "../write/update.ts";
import type { Place, WriteContext } from "../write/write-context.ts";
import { contentType } from "../write/write-handlers.ts";
import { writeOptions } from "../write/write-options.ts";

type Scalable = KubeObject & Pick<Deployment | ReplicaSet | StatefulSet, "spec" | "status">;

/** The `scale` sub-resource: how many, of whatever kind. */
export async function handleScale(
  context: WriteContext,
  place: Place,
  request: Incoming,
): Promise<Answer> {
  const form = negotiateForm(request.headers["accept"], request.query);
  switch (request.method) {
    case "GET": {
      const item = context.store.get(place.kind, place.key);
      if (item === undefined) throw notFound(place.kind, place.name);
      return scaleAnswer(context, item, form);
    }
    case "PUT": {
      const { dryRun, fieldValidation } = writeOptions(request.query, "UpdateOptions");
      const body = await request.readBody();
      const { object } = decodeMeta("Scale", body, contentType(request), { fieldValidation });
      const options = { dryRun, isPatch: false };
      return scaleAnswer(context, await change(context, place, options, () => object), form);
    }
    case "PATCH": {
      const { dryRun, fieldValidation } = writeOptions(request.query, "PatchOptions");
      const body = await request.readBody();
      const written = await change(context, place, { dryRun, isPatch: true }, (current) =>
        applyPatch(bodyTypes.Scale, current, body, contentType(request), { fieldValidation }),
      );
      return scaleAnswer(context, written, form);
    }
    default:
      throw methodNotAllowed();
  }
}

async function change(
  context: WriteContext,
  place: Place,
  options: { readonly dryRun: boolean; readonly isPatch: boolean },
  next: (current: Scale) => Pick<Scale, "metadata" | "spec">,
): Promise<Item> {
  const { item } = await updateObject(
    context,
    place,
    { ...options, subresource: undefined },
    (current: Scalable) => {
      const { metadata, spec } = withDefaults(bodyTypes.Scale, next(scaleOf(current)));
      const replicas = spec?.replicas ?? 0;
      if (replicas < 0) {
        throw invalidStatus(bodyTypes.Scale, place.name, [
          invalid("spec.replicas", replicas, "must be greater than or equal to 0"),
        ]);
      }
      const { resourceVersion, uid } = metadata ?? {};
      const scaled: Scalable = {
        ...current,
        metadata: {
          ...current.metadata,
          // Without a version in it the Scale is for whatever is there.
          ...versionOf(resourceVersion, current, options.isPatch),
          ...(uid === undefined ? {} : { uid }),
        },
        spec: { ...required(current), replicas },
      };
      return scaled;
    },
  );
  return item;
}

function scaleAnswer({ clock }: WriteContext, item: Item, form: Form): Answer {
  const bytes = Buffer.from(JSON.stringify(scaleOf(objectOf(item))));
  return bytesAnswer(200, [renderItem(bodyTypes.Scale, { ...item, bytes }, form, clock.now())]);
}

function versionOf(
  resourceVersion: string | undefined,
  current: KubeObject,
  isPatch: boolean,
): { readonly resourceVersion?: string } {
  const version = resourceVersion ?? (isPatch ? current.metadata.resourceVersion : "");
  return version === undefined ? {} : { resourceVersion: version };
}

function required({ spec }: Scalable): NonNullable<Scalable["spec"]> {
  if (spec === undefined) throw new TypeError("A stored workload has a spec");
  return spec;
}

function scaleOf({ metadata, spec, status }: Scalable): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const selector = spec?.selector === undefined ? undefined : labelSelectorText(spec.selector);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas: spec?.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, ...(selector === undefined ? {} : { selector }) },
  };
}
