import { CLASS_IN, HEADER_BYTES } from "./constants.ts";

/** Records in wire form, one after another; record `i` is `bytes[starts[i] .. starts[i + 1]]`. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

/**
 * The records of one name and type, ready to be copied behind the question of an answer. Owners point into the
 * question, so that they keep the letter case of the query (0x20).
 */
export interface RecordSet {
  readonly type: number;
  readonly answers: Block;
  /** Addresses of the names in the answers' data; sent where they fit. */
  readonly additional: Additional | undefined;
  /**
   * How many bytes at the end of each answer are the zone's name, which takes the query's letter case as well;
   * 0 for none.
   */
  readonly zoneTailBytes: number;
}

/** Records whose owners are names in the data of answers, so that a pointer to there is all they need. */
export interface Additional {
  /** Without owners. */
  readonly bodies: Block;
  /** For each record the answer whose data has its owner's name. */
  readonly answers: Uint32Array;
  /** Where in an answer that name begins. */
  readonly nameAt: number;
}

/** A record to be put into the additional section. */
export interface AdditionalRecord {
  /** Which of the answers has the owner in its data. */
  readonly answer: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** The owner of every answer: a pointer to the question's name. */
const questionPointer = Uint8Array.of(0xc0, HEADER_BYTES);

const noOwner = new Uint8Array(0);

/** Bytes of an answer before its data: pointer, type, class, TTL, length. */
const ANSWER_HEAD_BYTES = 12;

/** A set whose records differ in their data only. `dataNameAt` is where a name begins in the data of each. */
export function recordSet(
  type: number,
  ttl: number,
  data: readonly Uint8Array[],
  extra: {
    readonly additional?: readonly AdditionalRecord[];
    readonly dataNameAt?: number;
    readonly zoneTailBytes?: number;
  } = {},
): RecordSet {
  const { additional = [], dataNameAt = 0, zoneTailBytes = 0 } = extra;
  return {
    type,
    answers: block(data.map((each) => ({ owner: questionPointer, type, ttl, data: each }))),
    additional:
      additional.length === 0
        ? undefined
        : {
            bodies: block(additional.map((each) => ({ ...each, owner: noOwner, ttl }))),
            answers: Uint32Array.from(additional, ({ answer }) => answer),
            nameAt: ANSWER_HEAD_BYTES + dataNameAt,
          },
    zoneTailBytes,
  };
}

/** The data of the records of a set, without their heads. */
export function dataOf(set: RecordSet): Uint8Array[] {
  const { bytes, starts } = set.answers;
  return Array.from({ length: starts.length - 1 }, (_, i) =>
    bytes.subarray((starts[i] ?? 0) + ANSWER_HEAD_BYTES, starts[i + 1]),
  );
}

/** The TTL that the records of a set have in common. */
export function ttlOf(set: RecordSet): number {
  return Buffer.from(set.answers.bytes.buffer, set.answers.bytes.byteOffset + 6, 4).readUInt32BE(0);
}

function block(
  records: readonly {
    readonly owner: Uint8Array;
    readonly type: number;
    readonly ttl: number;
    readonly data: Uint8Array;
  }[],
): Block {
  const total = records.reduce((sum, r) => sum + r.owner.length + 10 + r.data.length, 0);
  const bytes = Buffer.alloc(total);
  const starts = new Uint32Array(records.length + 1);
  let at = 0;
  for (const [index, { owner, type, ttl, data }] of records.entries()) {
    starts[index] = at;
    bytes.set(owner, at);
    at += owner.length;
    bytes.writeUInt16BE(type, at);
    bytes.writeUInt16BE(CLASS_IN, at + 2);
    bytes.writeUInt32BE(ttl, at + 4);
    bytes.writeUInt16BE(data.length, at + 8);
    bytes.set(data, at + 10);
    at += 10 + data.length;
  }
  starts[records.length] = at;
  return { bytes, starts };
}
