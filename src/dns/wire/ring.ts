import { isAddressType, POINTER_TARGET_MAX } from "./constants.ts";
import type { ResourceRecord } from "./message.ts";
import type { Additional, Block } from "./record-set.ts";

// The records of a block are sent from any of them on, in a ring: equal clients do not all begin with the same one,
// and what is cut off for want of room is not always the same.

/** How many records, from `first` on and round the ring, fit into `room` bytes. */
export function fitting(block: Block, first: number, room: number): number {
  const { starts } = block;
  const total = starts.length - 1;
  if ((starts[total] ?? 0) <= room) return total;
  let count = 0;
  let used = 0;
  for (let index = first; count < total; index = (index + 1) % total) {
    used += (starts[index + 1] ?? 0) - (starts[index] ?? 0);
    if (used > room) break;
    count++;
  }
  return count;
}

/** The bytes of `count` records from `first` on. */
export function bytesFrom({ starts }: Block, first: number, count: number): number {
  const total = starts.length - 1;
  const end = first + count;
  const from = starts[first] ?? 0;
  if (end <= total) return (starts[end] ?? 0) - from;
  return (starts[total] ?? 0) - from + (starts[end - total] ?? 0);
}

/** Copies `count` records from `first` on; returns where they end. */
export function copyRing(
  out: Buffer,
  at: number,
  block: Block,
  first: number,
  count: number,
): number {
  const { bytes, starts } = block;
  const total = starts.length - 1;
  const end = first + count;
  if (first === 0 && count === total) {
    // Nearly every set: it has one record. No view of the bytes has to be made.
    out.set(bytes, at);
    return at + bytes.length;
  }
  const head = bytes.subarray(starts[first], starts[Math.min(end, total)]);
  out.set(head, at);
  const next = at + head.length;
  if (end <= total) return next;
  const tail = bytes.subarray(0, starts[end - total]);
  out.set(tail, next);
  return next + tail.length;
}

/** Where the answer with this index begins, when `first` comes first and the others follow in a ring. */
function ringOffset({ starts }: Block, first: number, index: number): number {
  const offset = (starts[index] ?? 0) - (starts[first] ?? 0);
  return index >= first ? offset : offset + (starts[starts.length - 1] ?? 0);
}

/** How many additional records fit whose owners a pointer can reach. */
export function fittingAdditional(
  answers: Block,
  { bodies, answers: owners, nameAt }: Additional,
  questionEnd: number,
  first: number,
  room: number,
): number {
  let count = 0;
  for (const owner of owners) {
    const target = questionEnd + ringOffset(answers, first, owner) + nameAt;
    const used = 2 * (count + 1) + (bodies.starts[count + 1] ?? 0);
    if (used > room || target > POINTER_TARGET_MAX) break;
    count++;
  }
  return count;
}

/** Copies the first `count` additional records with pointers to their names; returns where they end. */
export function copyAdditional(
  out: Buffer,
  at: number,
  answers: Block,
  { bodies, answers: owners, nameAt }: Additional,
  questionEnd: number,
  first: number,
  count: number,
): number {
  let next = at;
  for (let i = 0; i < count; i++) {
    const target = questionEnd + ringOffset(answers, first, owners[i] ?? 0) + nameAt;
    next = out.writeUInt16BE(0xc000 | target, next);
    const body = bodies.bytes.subarray(bodies.starts[i], bodies.starts[i + 1]);
    out.set(body, next);
    next += body.length;
  }
  return next;
}

/**
 * Puts the addresses into a ring from any of them on, as blocks are sent: a remembered answer must not send all
 * clients to the same one. Aliases stay in front of what they lead to.
 */
export function rotateAddresses(
  answers: readonly ResourceRecord[],
  random: () => number,
): readonly ResourceRecord[] {
  const addresses = answers.filter(({ type }) => isAddressType(type));
  if (addresses.length < 2) return answers;
  const others = answers.filter(({ type }) => !isAddressType(type));
  const first = Math.floor(random() * addresses.length);
  return [...others, ...addresses.slice(first), ...addresses.slice(0, first)];
}
