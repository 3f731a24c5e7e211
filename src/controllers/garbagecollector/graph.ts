import type { KubeObject, OwnerReference } from "../../api/types.ts";

/** An object as the collector knows it. */
export interface GraphNode {
  /** Names its kind among the kinds that are followed. */
  readonly kind: string;
  readonly object: KubeObject;
}

/** Who owns whom, by uid, over all kinds. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Map<string, GraphNode>>();

  put(node: GraphNode): void {
    const { uid = "" } = node.object.metadata;
    this.remove(uid);
    this.#nodes.set(uid, node);
    for (const owner of ownersOf(node.object)) {
      const dependents = this.#dependents.get(owner.uid) ?? new Map<string, GraphNode>();
      this.#dependents.set(owner.uid, dependents.set(uid, node));
    }
  }

  remove(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node === undefined) return;
    this.#nodes.delete(uid);
    for (const owner of ownersOf(node.object)) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }

  /** Forgets all objects of a kind. */
  removeKind(kind: string): void {
    const uids = [...this.#nodes].filter(([, node]) => node.kind === kind).map(([uid]) => uid);
    for (const uid of uids) this.remove(uid);
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  dependentsOf(uid: string): readonly GraphNode[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }
}

export function ownersOf(object: KubeObject): readonly OwnerReference[] {
  return object.metadata.ownerReferences ?? [];
}
