import { closeSync } from "node:fs";
import { errorCode } from "../lib/errors.ts";
import {
  AF_NETLINK,
  bind,
  errnoName,
  MSG_DONTWAIT,
  receive,
  SOCK_RAW,
  SOL_SOCKET,
  send,
  setSocketOption,
  socket,
} from "./ffi.ts";
import { NETLINK_NETFILTER } from "./netlink.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { NftError } from "./nft.ts";

// linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_CREATE = 0x400;
const NLMSG_ERROR = 2;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWSETELEM = (NFNL_SUBSYS_NFTABLES << 8) | 12;
const NFT_MSG_DELSETELEM = (NFNL_SUBSYS_NFTABLES << 8) | 14;
const NFPROTO_INET = 1;
const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_DATA = 2;
const NFTA_SET_ELEM_KEY_END = 10;
const NFTA_DATA_VALUE = 1;
const NLA_F_NESTED = 0x8000;
const HEADER_BYTES = 16;
const SO_SNDBUF = 7;
const SO_SNDBUFFORCE = 32;

/** The whole batch goes into the socket's buffer at once. Without root in the first user namespace it is cut down. */
const SEND_BUFFER_BYTES = 16 << 20;

/** The length of an attribute has 16 bits; the last element must fit as well. */
const ELEMENTS_BYTES_MAX = 60_000;

const RECEIVE_BYTES = 65_536;

/** An element as the kernel has it, in hexadecimal; each part of a concatenation is padded to four bytes. */
export interface ElementBytes {
  readonly key: string;
  /** The last key of a range; absent for a single one. */
  readonly keyEnd: string | undefined;
  /** Absent for sets. */
  readonly value: string | undefined;
}

/** Elements that come to a set or map, or go from it. */
export interface ElementChange {
  readonly verb: "add" | "delete";
  readonly set: string;
  readonly elements: readonly ElementBytes[];
}

/**
 * Changes elements of a table of family inet inside one namespace.
 *
 * It goes around libnftables, which asks the kernel for all sets before every command and reads the elements from text:
 * that takes seven times as long as the kernel itself.
 */
export class NftElements implements Disposable {
  readonly #fd: number;
  readonly #answers = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
  #sequence = 1;

  constructor(namespace: Pick<NetworkNamespace, "run">) {
    this.#fd = namespace.run(() => socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
    try {
      const address = Buffer.alloc(12);
      address.writeUInt16LE(AF_NETLINK, 0);
      bind(this.#fd, address, "netlink");
      growSendBuffer(this.#fd);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Carries out the changes in their order as one transaction: all of them take effect, or none. */
  run(table: string, changes: readonly ElementChange[]): void {
    const batch = new Batch(this.#sequence);
    for (const { verb, set, elements } of changes) batch.change(verb, table, set, elements);
    // Nothing would answer for nothing.
    if (batch.lastChange === 0) return;
    this.#sequence = batch.end();
    this.#send(batch.bytes);
    this.#requireSuccess(batch.lastChange);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #send(bytes: Uint8Array): void {
    try {
      send(this.#fd, bytes);
    } catch (cause) {
      if (!["EMSGSIZE", "ENOBUFS"].includes(errorCode(cause) ?? "")) throw cause;
      throw new NftError(
        "NFT_TOO_LARGE",
        `Cannot change elements of the nftables ruleset: the kernel does not take ${bytes.byteLength} bytes at once`,
        { cause },
      );
    }
  }

  /**
   * The kernel does the work inside `send`: one acknowledgement, of the last change, or errors lie ready. Waiting for
   * what is not there would be for ever.
   */
  #requireSuccess(lastChange: number): void {
    let isDone = false;
    for (;;) {
      const count = receive(this.#fd, this.#answers, MSG_DONTWAIT);
      if (count === undefined) {
        if (isDone) return;
        throw new NftError(
          "NFT_REJECTED",
          "Cannot change elements of the nftables ruleset: the kernel gives no answer",
        );
      }
      for (let at = 0; at + HEADER_BYTES + 4 <= count; ) {
        const errno = -this.#answers.readInt32LE(at + HEADER_BYTES);
        const isError = this.#answers.readUInt16LE(at + 4) === NLMSG_ERROR;
        if (isError && errno !== 0) throw this.#refusal(errno);
        isDone ||= this.#answers.readUInt32LE(at + 8) === lastChange;
        at += (this.#answers.readUInt32LE(at) + 3) & ~3;
      }
    }
  }

  #refusal(errno: number): NftError {
    // What else it says is of no use, and must not be taken for an answer to the next batch.
    while (receive(this.#fd, this.#answers, MSG_DONTWAIT) !== undefined);
    const code = errnoName(errno);
    return code === "EPERM"
      ? new NftError(
          "NFT_NOT_PERMITTED",
          "Cannot change elements of the nftables ruleset: this process lacks CAP_NET_ADMIN",
        )
      : new NftError(
          "NFT_REJECTED",
          `Cannot change elements of the nftables ruleset: the kernel says ${code}`,
        );
  }
}

function growSendBuffer(fd: number): void {
  try {
    setSocketOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER_BYTES);
  } catch {
    // Twice net.core.wmem_max, 425,984 bytes by default, is what others may have.
    setSocketOption(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES);
  }
}

/** Writes the messages of one transaction one behind the other. */
class Batch {
  #buffer = Buffer.allocUnsafe(4096);
  #at = 0;
  #sequence: number;
  #lastFlagsAt = 0;
  lastChange = 0;

  constructor(firstSequence: number) {
    this.#sequence = firstSequence;
    this.#edge(NFNL_MSG_BATCH_BEGIN);
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  change(
    verb: "add" | "delete",
    table: string,
    set: string,
    elements: readonly ElementBytes[],
  ): void {
    for (let next = 0; next < elements.length; ) {
      const message = this.#begin(
        verb === "add" ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
        NLM_F_REQUEST | (verb === "add" ? NLM_F_CREATE : 0),
      );
      this.#lastFlagsAt = message + 6;
      this.lastChange = this.#sequence;
      this.#family(NFPROTO_INET, 0);
      this.#text(NFTA_SET_ELEM_LIST_TABLE, table);
      this.#text(NFTA_SET_ELEM_LIST_SET, set);
      const list = this.#open(NFTA_SET_ELEM_LIST_ELEMENTS);
      for (; next < elements.length && this.#at - list < ELEMENTS_BYTES_MAX; next++) {
        const element = elements[next];
        if (element !== undefined) this.#element(element, verb === "add");
      }
      this.#close(list);
      this.#finish(message);
    }
  }

  /** Closes the batch; the number that comes after its last message. */
  end(): number {
    // The last change answers for all.
    if (this.lastChange !== 0) {
      const flags = this.#buffer.readUInt16LE(this.#lastFlagsAt);
      this.#buffer.writeUInt16LE(flags | NLM_F_ACK, this.#lastFlagsAt);
    }
    this.#edge(NFNL_MSG_BATCH_END);
    return this.#sequence;
  }

  #edge(type: number): void {
    const message = this.#begin(type, NLM_F_REQUEST);
    this.#family(0, NFNL_SUBSYS_NFTABLES);
    this.#finish(message);
  }

  #element({ key, keyEnd, value }: ElementBytes, hasValue: boolean): void {
    const element = this.#open(NFTA_LIST_ELEM);
    this.#data(NFTA_SET_ELEM_KEY, key);
    if (keyEnd !== undefined) this.#data(NFTA_SET_ELEM_KEY_END, keyEnd);
    if (value !== undefined && hasValue) this.#data(NFTA_SET_ELEM_DATA, value);
    this.#close(element);
  }

  #data(type: number, hex: string): void {
    const outer = this.#open(type);
    const inner = this.#open(NFTA_DATA_VALUE, 0);
    this.#reserve(hex.length / 2 + 4);
    this.#at += this.#buffer.write(hex, this.#at, "hex");
    this.#close(inner);
    this.#close(outer);
  }

  #text(type: number, text: string): void {
    const attribute = this.#open(type, 0);
    this.#reserve(text.length + 4);
    this.#at += this.#buffer.write(`${text}\0`, this.#at, "latin1");
    this.#close(attribute);
  }

  #begin(type: number, flags: number): number {
    this.#reserve(HEADER_BYTES);
    const at = this.#at;
    this.#buffer.writeUInt32LE(0, at);
    this.#buffer.writeUInt16LE(type, at + 4);
    this.#buffer.writeUInt16LE(flags, at + 6);
    this.#buffer.writeUInt32LE(this.#sequence, at + 8);
    this.#buffer.writeUInt32LE(0, at + 12);
    this.#at += HEADER_BYTES;
    return at;
  }

  /** `struct nfgenmsg`. */
  #family(family: number, resource: number): void {
    this.#reserve(4);
    this.#buffer.writeUInt8(family, this.#at);
    this.#buffer.writeUInt8(0, this.#at + 1);
    this.#buffer.writeUInt16BE(resource, this.#at + 2);
    this.#at += 4;
  }

  #finish(message: number): void {
    this.#buffer.writeUInt32LE(this.#at - message, message);
    this.#sequence++;
  }

  #open(type: number, flag = NLA_F_NESTED): number {
    this.#reserve(4);
    const at = this.#at;
    this.#buffer.writeUInt16LE(type | flag, at + 2);
    this.#at += 4;
    return at;
  }

  /** The length without what it is padded with. */
  #close(attribute: number): void {
    this.#buffer.writeUInt16LE(this.#at - attribute, attribute);
    this.#reserve(4);
    while (this.#at % 4 !== 0) this.#buffer.writeUInt8(0, this.#at++);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#buffer.length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
