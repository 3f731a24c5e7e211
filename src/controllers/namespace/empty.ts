import { isNotFound } from "../../api/status-error.ts";
import type { KubeObject } from "../../api/types.ts";
import type { Api } from "../../client/api.ts";
import type { DiscoveredResource } from "../../client/discovery.ts";
import { describeError } from "../../lib/errors.ts";
import { isTerminating } from "../pods.ts";
import type { Remains, RoundOutcome } from "./conditions.ts";

/** Deletes that are sent at the same time. */
const DELETES_AT_ONCE = 32;

/**
 * One round of emptying a namespace: deletes all there is, of all kinds that the server has. Pods go first and the
 * rest waits for them, since NetworkPolicies and their like must outlive the pods they protect (KEP-5080).
 */
export async function emptyNamespace(api: Api, namespace: string): Promise<RoundOutcome> {
  const { resources, failedGroupVersions } = await api.discover();
  const deletable = resources.filter(
    ({ namespaced, verbs }) => namespaced && verbs.includes("delete") && verbs.includes("list"),
  );
  const isPods = ({ group, plural }: DiscoveredResource) => group === "" && plural === "pods";
  const failures: string[] = [];
  const empty = async (kinds: readonly DiscoveredResource[]) => {
    const remains: Remains[] = [];
    for (const resource of kinds) {
      const objects = await emptyKind(api, resource, namespace, failures);
      if (objects.length > 0) {
        remains.push({ resource: `${resource.plural}.${resource.group}`, objects });
      }
    }
    return remains;
  };
  const podRemains = await empty(deletable.filter(isPods));
  if (podRemains.length > 0) return { remains: podRemains, failures, failedGroupVersions };
  const remains = await empty(deletable.filter((resource) => !isPods(resource)));
  return { remains, failures, failedGroupVersions };
}

/** Deletes the objects of one kind; what is left of them. Refusals are noted, not thrown: others can still go. */
async function emptyKind(
  api: Api,
  resource: DiscoveredResource,
  namespace: string,
  failures: string[],
): Promise<readonly KubeObject[]> {
  const { items } = await api.list<KubeObject>(resource, { namespace });
  const pending = items.filter((object) => !isTerminating(object));
  for (let start = 0; start < pending.length; start += DELETES_AT_ONCE) {
    const batch = pending.slice(start, start + DELETES_AT_ONCE);
    await Promise.all(
      batch.map(async ({ metadata: { name = "" } }) => {
        try {
          const options = { propagationPolicy: "Background" } as const;
          await api.delete(resource, { namespace, name }, options);
        } catch (error) {
          if (!isNotFound(error)) failures.push(describeError(error));
        }
      }),
    );
  }
  if (pending.length === 0) return items;
  return (await api.list<KubeObject>(resource, { namespace })).items;
}
