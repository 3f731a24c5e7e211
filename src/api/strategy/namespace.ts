import { type FieldError, invalid } from "../field-error.ts";
import type { Namespace } from "../types.ts";
import { dnsLabel } from "../validation/names.ts";
import { validateFinalizerName } from "../validation/object-meta.ts";
import {
  defineStrategy,
  statusOf,
  withMeta,
  withRequestVersion,
  withStatus,
} from "./strategy-shape.ts";

/** The finalizer that keeps a namespace until its content is gone. */
const contentFinalizer = "kubernetes";
/** The label by which selectors find a namespace by its name. */
const nameLabel = "kubernetes.io/metadata.name";

/** The rules of Namespaces. */
export const namespaceStrategy = defineStrategy<Namespace>({
  namespaced: false,
  name: dnsLabel,
  prepareForCreate: (namespace) => {
    const finalizers = namespace.spec?.finalizers ?? [];
    return withNameLabel({
      ...namespace,
      spec: {
        ...namespace.spec,
        finalizers: finalizers.includes(contentFinalizer)
          ? finalizers
          : [...finalizers, contentFinalizer],
      },
      status: { phase: "Active" },
    });
  },
  prepareForUpdate: (namespace, old) =>
    withNameLabel(withSpec(withStatus(namespace, old.status), old.spec)),
  validate: ({ spec }) =>
    (spec?.finalizers ?? []).flatMap((name) => validateFinalizerName(name, "spec.finalizers")),
  fields: {
    "status.phase": ({ status }) => status?.phase ?? "",
  },
  subresources: {
    status: {
      prepare: (namespace, old) => withNameLabel(statusOf(namespace, old)),
      validate: validatePhase,
    },
    finalize: {
      prepare: (namespace, old) => withSpec(withRequestVersion(namespace, old), namespace.spec),
      validate: ({ spec }) =>
        (spec?.finalizers ?? []).flatMap((name, index) =>
          validateFinalizerName(name, `spec.finalizers[${index}]`),
        ),
    },
  },
  updatesUnconditionally: false,
});

/** A namespace goes when somebody deletes it, and not because its status says so. */
function validatePhase({ metadata, status }: Namespace): FieldError[] {
  const isDeleted = metadata.deletionTimestamp !== undefined;
  const wanted = isDeleted ? "Terminating" : "Active";
  const phase = status?.phase ?? "";
  const detail = `may only be '${wanted}' if \`deletionTimestamp\` is ${isDeleted ? "not empty" : "empty"}`;
  return phase === wanted ? [] : [invalid("status.Phase", phase, detail)];
}

function withSpec(namespace: Namespace, spec: Namespace["spec"]): Namespace {
  const { spec: _, ...rest } = namespace;
  return spec === undefined ? rest : { ...rest, spec };
}

function withNameLabel(namespace: Namespace): Namespace {
  return withMeta(namespace, (meta) => ({
    ...meta,
    labels: { ...meta.labels, [nameLabel]: meta.name ?? "" },
  }));
}
