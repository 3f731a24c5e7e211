import type { EndpointSlice } from "../api/types.ts";

const DELETED = -1;

/**
 * Remembers what we wrote, because the cache lags behind: the generation of each slice in the server's answers, by
 * the key of the Service (or Endpoints). A sync on a cache that is older than our own writes would undo them.
 */
export class SliceTracker {
  readonly #generations = new Map<string, Map<string, number>>();

  written(key: string, slice: EndpointSlice): void {
    this.#of(key).set(slice.metadata.uid ?? "", slice.metadata.generation ?? 0);
  }

  deleted(key: string, slice: EndpointSlice): void {
    this.#of(key).set(slice.metadata.uid ?? "", DELETED);
  }

  /** Whether the cached slices are older than what we wrote. */
  isStale(key: string, cached: readonly EndpointSlice[]): boolean {
    const known = this.#generations.get(key);
    if (known === undefined) return false;
    const seen = new Map(
      cached.map(({ metadata }) => [metadata.uid ?? "", metadata.generation ?? 0]),
    );
    return [...known].some(([uid, generation]) => {
      const cachedGeneration = seen.get(uid);
      if (generation === DELETED) return cachedGeneration !== undefined;
      return cachedGeneration === undefined || cachedGeneration < generation;
    });
  }

  /** Whether a slice that arrived is news: somebody else made or changed it. */
  isForeignChange(key: string, slice: EndpointSlice): boolean {
    const known = this.#generations.get(key)?.get(slice.metadata.uid ?? "");
    return known === undefined || known < (slice.metadata.generation ?? 0);
  }

  /** Notes that a slice is gone; true when that was not our doing. */
  observeDeletion(key: string, slice: EndpointSlice): boolean {
    const uid = slice.metadata.uid ?? "";
    const known = this.#generations.get(key);
    const wasOurs = known?.get(uid) === DELETED;
    known?.delete(uid);
    if (known?.size === 0) this.#generations.delete(key);
    return !wasOurs;
  }

  forget(key: string): void {
    this.#generations.delete(key);
  }

  #of(key: string): Map<string, number> {
    const known = this.#generations.get(key) ?? new Map<string, number>();
    this.#generations.set(key, known);
    return known;
  }
}
