import { decodeMeta } from "../../api/decode.ts";
import { invalidStatus, notSupported, required } from "../../api/field-error.ts";
import { kindOfResource } from "../../api/kinds.ts";
import { pods } from "../../api/resource.ts";
import type { Binding, KubeObject, Pod } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import { type Answer, type Incoming, successAnswer } from "../exchange.ts";
import { conflict, methodNotAllowed, preconditionFailed } from "../refusals.ts";
import { keyOf } from "../store/object-store.ts";
import { updateObject } from "../write/update.ts";
import type { Place, WriteContext } from "../write/write-context.ts";
import { contentType } from "../write/write-handlers.ts";
import { writeOptions } from "../write/write-options.ts";

const podKind = kindOfResource(pods);

/**
 * `pods/binding`: the scheduler's word on which node runs the pod. Said once, for ever. The older form, a POST to
 * `bindings`, names the pod in the body.
 */
export async function handleBinding(
  context: WriteContext,
  at: Place | { readonly namespace: string },
  request: Incoming,
): Promise<Answer> {
  if (request.method !== "POST") throw methodNotAllowed();
  const { dryRun, fieldValidation } = writeOptions(request.query, "CreateOptions");
  const body = await request.readBody();
  const { object } = decodeMeta("Binding", body, contentType(request), { fieldValidation });
  const name = object.metadata?.name ?? "";
  const place =
    "key" in at
      ? at
      : { kind: podKind, namespace: at.namespace, name, key: keyOf(at.namespace, name) };
  const node = nodeOf(object, place.name);
  const now = formatTime(context.clock.now());
  // Like a patch: other changes to the pod do not matter to it.
  const options = { dryRun, subresource: "binding", isPatch: true };
  await updateObject(context, place, options, (pod) =>
    bound(place, pod, { node, now, binding: object }),
  );
  return successAnswer(201, { code: 201 });
}

function nodeOf({ target }: Binding, name: string): string {
  const { kind = "", name: node = "" } = target ?? {};
  const errors = [
    ...(kind === "" || kind === "Node"
      ? []
      : [notSupported("target.kind", kind, ["Node", "<empty>"])]),
    ...(node === "" ? [required("target.name")] : []),
  ];
  if (errors.length > 0) throw invalidStatus({ group: "", kind: "Binding" }, name, errors);
  return node;
}

interface Bind {
  readonly node: string;
  readonly now: string;
  readonly binding: Binding;
}

function bound(
  place: Place,
  pod: KubeObject & Pick<Pod, "spec" | "status">,
  { node, now, binding }: Bind,
): KubeObject {
  const refuse = (reason: string) =>
    conflict({ group: "", plural: "pods/binding" }, place.name, reason);
  const { uid, annotations, labels } = binding.metadata ?? {};
  if (uid !== undefined && uid !== "" && uid !== pod.metadata.uid) {
    const is = pod.metadata.uid ?? "";
    throw preconditionFailed(place.kind, place.name, { field: "UID", wanted: uid, is });
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw refuse(`pod ${place.name} is being deleted, cannot be assigned to a host`);
  }
  if ((pod.spec?.nodeName ?? "") !== "") {
    throw refuse(`pod ${place.name} is already assigned to node "${pod.spec?.nodeName}"`);
  }
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    throw refuse(`pod ${place.name} has non-empty .spec.schedulingGates`);
  }
  const { spec, status } = pod;
  if (spec === undefined) throw refuse("the pod has no spec");
  const others = (status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  const scheduled = { type: "PodScheduled", status: "True", lastTransitionTime: now };
  const next: Pod = {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...merged("annotations", pod.metadata.annotations, annotations),
      ...merged("labels", pod.metadata.labels, labels),
    },
    spec: { ...spec, nodeName: node },
    status: { ...status, conditions: [...others, scheduled] },
  };
  return next;
}

type Texts = Readonly<Record<string, string>> | undefined;

function merged(field: "annotations" | "labels", own: Texts, added: Texts) {
  return added === undefined ? {} : { [field]: { ...own, ...added } };
}
