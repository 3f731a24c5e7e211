import type { Endpoint, EndpointSlice } from "../../api/types.ts";

/** The slices of one family between packing and writing. */
export interface SliceDraft {
  readonly creates: readonly EndpointSlice[];
  readonly updates: readonly EndpointSlice[];
  /** Those that need no write, as they are stored. */
  readonly unchanged: readonly EndpointSlice[];
}

/** Only a ready endpoint has use for hints; those of others stay as they are and never cause a write. */
export function isHintable({ conditions }: Endpoint): boolean {
  return conditions?.ready === true;
}
