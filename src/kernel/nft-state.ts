import { createHash } from "node:crypto";
import {
  attributes,
  isMissing,
  NETLINK_NETFILTER,
  type NetlinkMessage,
  type NetlinkSocket,
  NLM_F_DUMP,
  openNetlink,
  parseAttributes,
  text,
} from "./netlink.ts";
import type { NetworkNamespace } from "./network-namespace.ts";

// linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
const NFTABLES = 10 << 8;
const NFT_MSG_GETCHAIN = 4;
const NFT_MSG_GETRULE = 7;
const NFT_MSG_GETSETELEM = 13;
const NFT_MSG_GETGEN = 16;
const NFTA_GEN_ID = 1;
const NFTA_CHAIN_TABLE = 1;
const NFTA_RULE_TABLE = 1;
const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_DATA = 2;
const NFTA_DATA_VALUE = 1;
const NFPROTO_INET = 1;
const NFGENMSG_BYTES = 4;

/** An element as the kernel holds it, in hexadecimal; `value` is absent for sets and for verdicts. */
export interface RawElement {
  readonly key: string;
  readonly value: string | undefined;
}

/**
 * Reads what nftables holds in one namespace, for tables of family inet.
 *
 * It goes around libnftables, which lists a large map slowly and, in some versions, crashes over it.
 */
export class NftState implements Disposable {
  readonly #netlink: NetlinkSocket;

  constructor(netlink: NetlinkSocket) {
    this.#netlink = netlink;
  }

  /** Counts the transactions of the namespace, whoever made them. */
  generation(): number {
    const [answer] = this.#netlink.request({
      type: NFTABLES | NFT_MSG_GETGEN,
      body: header(),
      doing: "read the ruleset's generation",
    });
    if (answer === undefined) return 0;
    return parseAttributes(answer.body, NFGENMSG_BYTES).get(NFTA_GEN_ID)?.readUInt32BE(0) ?? 0;
  }

  /** A digest of a table's chains and rules: equal as long as nobody adds, changes or deletes one. */
  fingerprint(table: string): string {
    const digest = createHash("sha256");
    for (const [type, tableAttribute] of [
      [NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE],
      [NFT_MSG_GETRULE, NFTA_RULE_TABLE],
    ] as const) {
      for (const { body } of this.#dump(type, attributes(text(tableAttribute, table)))) {
        const found = parseAttributes(body, NFGENMSG_BYTES);
        const owner = found.get(tableAttribute)?.toString("latin1").replace(/\0.*$/, "");
        // The first bytes hold the generation.
        if (owner === table) digest.update(body.subarray(NFGENMSG_BYTES));
      }
    }
    return digest.digest("hex");
  }

  /** The elements of a map or set; undefined if it is not there. */
  elements(table: string, set: string): readonly RawElement[] | undefined {
    const names = attributes(
      text(NFTA_SET_ELEM_LIST_TABLE, table),
      text(NFTA_SET_ELEM_LIST_SET, set),
    );
    try {
      return this.#dump(NFT_MSG_GETSETELEM, names).flatMap(({ body }) => parseElements(body));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]();
  }

  #dump(message: number, names: Buffer): NetlinkMessage[] {
    return this.#netlink.request({
      type: NFTABLES | message,
      flags: NLM_F_DUMP,
      body: Buffer.concat([header(), names]),
      doing: "read the ruleset",
    });
  }
}

/** Opens the nftables of a namespace for reading. */
export function openNftState(namespace: Pick<NetworkNamespace, "run">): NftState {
  return new NftState(openNetlink(NETLINK_NETFILTER, namespace));
}

function header(): Buffer {
  const bytes = Buffer.alloc(NFGENMSG_BYTES);
  bytes.writeUInt8(NFPROTO_INET, 0);
  return bytes;
}

function parseElements(body: Buffer): RawElement[] {
  const list = parseAttributes(body, NFGENMSG_BYTES).get(NFTA_SET_ELEM_LIST_ELEMENTS);
  const elements: RawElement[] = [];
  // All of them have the same type, so they can not be read as a map of attributes.
  for (let at = 0; list !== undefined && at + 4 <= list.length; ) {
    const length = list.readUInt16LE(at);
    if (length < 4) break;
    const parts = parseAttributes(list.subarray(at + 4, at + length));
    const key = dataValue(parts.get(NFTA_SET_ELEM_KEY));
    if (key !== undefined) elements.push({ key, value: dataValue(parts.get(NFTA_SET_ELEM_DATA)) });
    at += (length + 3) & ~3;
  }
  return elements;
}

function dataValue(data: Buffer | undefined): string | undefined {
  return data === undefined
    ? undefined
    : parseAttributes(data).get(NFTA_DATA_VALUE)?.toString("hex");
}
