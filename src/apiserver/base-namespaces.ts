import { kindOfResource } from "../api/kinds.ts";
import { namespaces } from "../api/resource.ts";
import { createObject } from "./write/create.ts";
import type { WriteContext } from "./write/write-context.ts";

const names = ["default", "kube-node-lease", "kube-public", "kube-system"] as const;
const kind = kindOfResource(namespaces);

/** Makes the namespaces that every cluster has. */
export async function ensureBaseNamespaces(context: WriteContext): Promise<void> {
  await Promise.all(
    names
      .filter((name) => context.store.get(kind, name) === undefined)
      .map((name) =>
        createObject(
          context,
          kind,
          { metadata: { name } },
          { dryRun: false, namespace: undefined },
        ),
      ),
  );
}
