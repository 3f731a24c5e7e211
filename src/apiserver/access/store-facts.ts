import { kindOfResource } from "../../api/kinds.ts";
import { pods } from "../../api/resource.ts";
import type { KubeObject, Pod } from "../../api/types.ts";
import { type Item, objectOf } from "../store/item.ts";
import { keyOf, type ObjectStore } from "../store/object-store.ts";
import type { AccessFacts } from "./access.ts";
import { refersTo } from "./pod-references.ts";

const kind = kindOfResource(pods);

/** What the stored pods say about nodes. */
export function storeFacts(store: ObjectStore): AccessFacts {
  return {
    nodeOfPod(namespace, name) {
      const item = store.get(kind, keyOf(namespace, name));
      return item === undefined ? undefined : (podOf(item).spec?.nodeName ?? "");
    },
    nodeUses(node, { plural, namespace, name }) {
      // The text says enough of most pods; parsing thousands of them for each question would not do.
      const words = [`"nodeName":${JSON.stringify(node)}`, JSON.stringify(name)];
      return store
        .cacheOf(kind)
        .list(`${namespace}/`)
        .filter(({ bytes }) => words.every((word) => bytes.includes(word)))
        .map(podOf)
        .some((pod) => pod.spec?.nodeName === node && refersTo(pod, plural, name));
    },
  };
}

function podOf(item: Item): Pod {
  const pod: KubeObject & Pick<Pod, "spec"> = objectOf(item);
  return pod;
}
