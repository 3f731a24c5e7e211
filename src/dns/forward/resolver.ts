import type { ResourceRecord } from "../wire/message.ts";
import type { NameKey } from "../wire/name.ts";

/** A question for somebody else's name. */
export interface Question {
  /** Wire form, in the case the client used. */
  readonly name: Uint8Array;
  readonly key: NameKey;
  readonly type: number;
  readonly isDnssecOk: boolean;
  readonly isCheckingDisabled: boolean;
}

/** What another server said. */
export interface Answer {
  readonly rcode: number;
  readonly isTruncated: boolean;
  /** The server has proved it, as it says (AD, RFC 4035 section 3.2.3). */
  readonly isAuthentic: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
}

export type Resolution =
  | { readonly kind: "answer"; readonly answer: Answer }
  /** Nobody gave a usable answer in time. */
  | { readonly kind: "failed" }
  /** Not asked: too many are waiting. */
  | { readonly kind: "refused" }
  /** There is nobody to ask. */
  | { readonly kind: "nobody" };

/** Who knows names outside the cluster. Never rejects. */
export interface Resolver {
  resolve(question: Question): Promise<Resolution>;
}
