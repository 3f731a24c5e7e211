/**
 * What a packet's mark says while it is being dispatched. Bits 31-14: number of a list of backends;
 * 13-12: kind of entry; 11-0: how to spread. Between the choice of a backend and its use, bits 13-0 are
 * the backend's number in its list.
 *
 * The mark is only borrowed: right after the translation, before anything is routed by it, it becomes
 * 0 or `MASQUERADE_MARK`.
 */
export const LIST_MASK = "0xffffc000";
export const KIND_MASK = "0x3000";
export const SPREAD_MASK = "0xfff";

/** kube-proxy's bit 14: the source of this connection is to be rewritten. */
export const MASQUERADE_MARK = "0x4000";

/** All bits of a mark but that one. */
export const UNMASQUERADE_MASK = "0xffffbfff";

/** List numbers are 1 to this. */
export const LIST_ID_MAX = 2 ** 18 - 1;

/** Spread numbers are 1 to this. */
export const SPREAD_ID_MAX = 2 ** 12 - 1;

/** Backends of a list have numbers 0 to this. */
export const BACKEND_INDEX_MAX = 2 ** 14 - 1;

/** How the source of an entry's connections is treated. */
export const entryKinds = { clusterIp: 1, external: 2, externalLocal: 3 } as const;

export type EntryKind = keyof typeof entryKinds;

/** The mark of an entry's packets. */
export function entryMark(listId: number, kind: EntryKind, spread: number): string {
  return formatMark(listId, (entryKinds[kind] << 12) | spread);
}

/** The mark of a list, its lower bits as given. */
export function formatMark(listId: number, lower = 0): string {
  return formatMarkNumber(listId * 2 ** 14 + lower);
}

export function formatMarkNumber(mark: number): string {
  return `0x${mark.toString(16).padStart(8, "0")}`;
}

/** The number of the list that a mark speaks of. */
export function listIdOf(mark: string | number): number {
  return Number(mark) >>> 14;
}

/** How the mark says to spread. */
export function spreadOf(mark: string): number {
  return Number(mark) & SPREAD_ID_MAX;
}

/** The number of the backend that a mark speaks of, in its list. */
export function backendIndexOf(mark: string): number {
  return Number(mark) & BACKEND_INDEX_MAX;
}
