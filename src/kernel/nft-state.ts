import { createHash } from "node:crypto";
import { errorCode } from "../lib/errors.ts";
import {
  attributes,
  isMissing,
  NETLINK_NETFILTER,
  NetlinkError,
  type NetlinkMessage,
  type NetlinkSocket,
  NLM_F_DUMP,
  openNetlink,
  parseAttributes,
  text,
} from "./netlink.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import type { ElementBytes } from "./nft-elements.ts";

// linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
const NFTABLES = 10 << 8;
const NFT_MSG_GETTABLE = 1;
const NFT_MSG_GETCHAIN = 4;
const NFT_MSG_GETRULE = 7;
const NFT_MSG_GETSETELEM = 13;
const NFT_MSG_GETGEN = 16;
const NFTA_GEN_ID = 1;
const NFTA_TABLE_NAME = 1;
const NFTA_TABLE_USERDATA = 6;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_RULE_TABLE = 1;
const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_DATA = 2;
const NFTA_SET_ELEM_KEY_END = 10;
const NFTA_DATA_VALUE = 1;
const NFTA_DATA_VERDICT = 2;
const NFTA_VERDICT_CHAIN = 2;
const NFPROTO_INET = 1;
const NFGENMSG_BYTES = 4;
const NLA_TYPE_MASK = 0x3fff;

/** A dump takes milliseconds, and so does what disturbs it: ten in a row are not disturbed by chance. */
const DUMP_TRIES_MAX = 10;

/** Of the user data of a table, type and length stand before a comment (libnftnl, `udata.h`). */
const USERDATA_HEADER_BYTES = 2;

/** An element as the kernel holds it; of a verdict only the chain. */
export interface RawElement extends ElementBytes {
  /** The chain that a verdict leads to, as text. */
  readonly chain: string | undefined;
}

/**
 * Reads what nftables holds in one namespace, for tables of family inet.
 *
 * It goes around libnftables, which lists a large map slowly and, in some versions, crashes over it.
 */
export class NftState implements Disposable {
  readonly #netlink: Pick<NetlinkSocket, "request"> & Disposable;

  constructor(netlink: Pick<NetlinkSocket, "request"> & Disposable) {
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

  /** The comment of a table; empty without one, undefined if there is no such table. */
  comment(table: string): string | undefined {
    try {
      const [answer] = this.#netlink.request({
        type: NFTABLES | NFT_MSG_GETTABLE,
        body: Buffer.concat([header(), attributes(text(NFTA_TABLE_NAME, table))]),
        doing: `read table "${table}"`,
      });
      const found = answer && parseAttributes(answer.body, NFGENMSG_BYTES);
      const bytes = found?.get(NFTA_TABLE_USERDATA)?.subarray(USERDATA_HEADER_BYTES);
      return bytes === undefined ? "" : untilZero(bytes);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The names of a table's chains. */
  chains(table: string): readonly string[] {
    return this.#ofTable(table, NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE).flatMap(({ body }) => {
      const name = parseAttributes(body, NFGENMSG_BYTES).get(NFTA_CHAIN_NAME);
      return name === undefined ? [] : [untilZero(name)];
    });
  }

  /**
   * A digest of a table's chains and rules, and of the elements of some of its sets: equal as long as nobody adds,
   * changes or deletes one.
   */
  fingerprint(table: string, sets: readonly string[]): string {
    const digest = createHash("sha256");
    for (const set of sets) {
      const elements = (this.elements(table, set) ?? []).map((element) => JSON.stringify(element));
      digest.update(`${set} ${elements.toSorted().join()}`);
    }
    for (const [type, tableAttribute] of [
      [NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE],
      [NFT_MSG_GETRULE, NFTA_RULE_TABLE],
    ] as const) {
      // The first bytes hold the generation.
      for (const { body } of this.#ofTable(table, type, tableAttribute))
        digest.update(body.subarray(NFGENMSG_BYTES));
    }
    return digest.digest("hex");
  }

  /** The elements of a map or set; undefined if it is not there. */
  elements(table: string, set: string): readonly RawElement[] | undefined {
    return this.#elements(table, set, parseWholeList);
  }

  /** The same of a map that packets change: an element may be there twice or be left out. */
  changingElements(table: string, set: string): readonly RawElement[] | undefined {
    return this.#elements(table, set, (parts) => parts.flatMap(({ body }) => parseElements(body)));
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]();
  }

  /** Chains or rules of one table; older kernels give those of all. */
  #ofTable(table: string, message: number, tableAttribute: number): readonly NetlinkMessage[] {
    const parts = this.#dump(message, attributes(text(tableAttribute, table)), (all) => all);
    return parts.filter(({ body }) => {
      const owner = parseAttributes(body, NFGENMSG_BYTES).get(tableAttribute);
      return owner !== undefined && untilZero(owner) === table;
    });
  }

  #elements(
    table: string,
    set: string,
    parse: (parts: readonly NetlinkMessage[]) => readonly RawElement[],
  ): readonly RawElement[] | undefined {
    const names = attributes(
      text(NFTA_SET_ELEM_LIST_TABLE, table),
      text(NFTA_SET_ELEM_LIST_SET, set),
    );
    try {
      return this.#dump(NFT_MSG_GETSETELEM, names, parse);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Somebody may write while it reads; then it reads again. */
  #dump<T>(message: number, names: Buffer, parse: (parts: readonly NetlinkMessage[]) => T): T {
    const request = {
      type: NFTABLES | message,
      flags: NLM_F_DUMP,
      body: Buffer.concat([header(), names]),
      doing: "read the ruleset",
    };
    for (let tries = 1; ; tries++) {
      try {
        return parse(this.#netlink.request(request));
      } catch (error) {
        if (errorCode(error) !== "EINTR" || tries === DUMP_TRIES_MAX) throw error;
      }
    }
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

/**
 * All parts of a list in which nothing is missing. While the kernel moves the elements into a hash table of another
 * size, which it does in the background after many were added, it may tell one part by the old order and the next by
 * the new: some elements come twice then, others never, and no flag says so (`nft_rhash_walk`, kernel 6.18). Each part
 * begins behind as many elements as were told, so that none is left out unless another comes twice.
 */
function parseWholeList(parts: readonly NetlinkMessage[]): RawElement[] {
  const seen = new Set<string>();
  return parts.flatMap(({ body }) =>
    parseElements(body, (start, end) => {
      // All of it: an interval set lists a key as the end of one interval and as the start of the next.
      const bytes = body.toString("latin1", start, end);
      if (seen.has(bytes))
        throw new NetlinkError(
          "EINTR",
          "Cannot read the ruleset: an element came twice, it must be read again",
        );
      seen.add(bytes);
    }),
  );
}

/** Written for lists of 100,000: it makes no map of attributes. */
function parseElements(
  body: Buffer,
  onElement?: (start: number, end: number) => void,
): RawElement[] {
  const list = find(body, NFGENMSG_BYTES, body.length, NFTA_SET_ELEM_LIST_ELEMENTS);
  const elements: RawElement[] = [];
  if (list === undefined) return elements;
  for (let at = list.start; at + 4 <= list.end; ) {
    const length = body.readUInt16LE(at);
    if (length < 4) break;
    const end = at + length;
    onElement?.(at, end);
    const key = dataValue(body, at + 4, end, NFTA_SET_ELEM_KEY);
    const keyEnd = dataValue(body, at + 4, end, NFTA_SET_ELEM_KEY_END);
    const value = dataValue(body, at + 4, end, NFTA_SET_ELEM_DATA);
    const chain = value === undefined ? verdictChain(body, at + 4, end) : undefined;
    if (key !== undefined) elements.push({ key, keyEnd, value, chain });
    at += (length + 3) & ~3;
  }
  return elements;
}

function dataValue(bytes: Buffer, start: number, end: number, wanted: number): string | undefined {
  const outer = find(bytes, start, end, wanted);
  const inner = outer && find(bytes, outer.start, outer.end, NFTA_DATA_VALUE);
  return inner && bytes.toString("hex", inner.start, inner.end);
}

function verdictChain(bytes: Buffer, start: number, end: number): string | undefined {
  const data = find(bytes, start, end, NFTA_SET_ELEM_DATA);
  const verdict = data && find(bytes, data.start, data.end, NFTA_DATA_VERDICT);
  const chain = verdict && find(bytes, verdict.start, verdict.end, NFTA_VERDICT_CHAIN);
  return chain && untilZero(bytes.subarray(chain.start, chain.end));
}

function untilZero(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/\0.*$/s, "");
}

/** Where the value of the first attribute of a type lies. */
function find(
  bytes: Buffer,
  start: number,
  end: number,
  wanted: number,
): { readonly start: number; readonly end: number } | undefined {
  for (let at = start; at + 4 <= end; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) return undefined;
    if ((bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK) === wanted) {
      return { start: at + 4, end: at + length };
    }
    at += (length + 3) & ~3;
  }
  return undefined;
}
