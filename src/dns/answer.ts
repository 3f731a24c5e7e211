import type { DnsCounters } from "./counters.ts";
import type { Question, Resolution, Resolver } from "./forward/resolver.ts";
import {
  CLASS_IN,
  HEADER_BYTES,
  headerFlags,
  isAddressType,
  rcodes,
  recordTypes,
} from "./wire/constants.ts";
import type { ResourceRecord } from "./wire/message.ts";
import { writeSections } from "./wire/message-writer.ts";
import { isWithin, type NameKey } from "./wire/name.ts";
import { parseQuery, type Query } from "./wire/query.ts";
import { recordSet } from "./wire/record-set.ts";
import {
  type Reply,
  type ReplyOptions,
  soaRecord,
  type Transport,
  writeEmptyReply,
  writeRefusal,
  writeReply,
} from "./wire/reply.ts";
import { rotateAddresses } from "./wire/ring.ts";
import { followAlias } from "./zone/alias.ts";
import { setOf, type ZoneNode } from "./zone/nodes.ts";
import type { Zone } from "./zone/zone.ts";

export interface ResponderOptions extends Omit<ReplyOptions, "isRecursive"> {
  readonly zone: Zone;
  /** Who is asked for other names; absent refuses them. */
  readonly resolver?: Resolver;
  /** Zones whose unknown names are passed on to the resolver instead of being denied. */
  readonly fallthrough: readonly NameKey[];
  /** Whether ANY gets one HINFO record (RFC 8482). */
  readonly minimalAny: boolean;
  /** In [0, 1); says which record of a set comes first. */
  readonly random: () => number;
  readonly counters: DnsCounters;
}

/** What ANY gets, and for how long (RFC 8482 section 4.2). */
const minimalAnySet = recordSet(recordTypes.HINFO, 8482, [
  Buffer.from("\x0dANY obsoleted\x0cSee RFC 8482", "latin1"),
]);

/** An answer, silence (undefined), or an answer that waits for another server. */
export type Outcome = Buffer | undefined | Promise<Buffer>;

/** From a packet to its answer. Knows nothing of sockets; one serves all of a node's. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #replyOptions: ReplyOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
    this.#replyOptions = { ...options, isRecursive: options.resolver !== undefined };
  }

  answer(packet: Uint8Array, transport: Transport): Outcome {
    const { counters } = this.#options;
    const verdict = parseQuery(packet);
    if (verdict.kind === "silent") {
      counters.ignored++;
      return undefined;
    }
    counters.queries[transport]++;
    if (verdict.kind === "refuse") return this.#count(writeRefusal(packet, verdict.rcode));
    const outcome = this.#answerQuery(verdict.query, transport);
    return outcome instanceof Promise
      ? outcome.then((reply) => this.#count(reply))
      : this.#count(outcome);
  }

  #answerQuery(query: Query, transport: Transport): Buffer | Promise<Buffer> {
    const { minimalAny, zone } = this.#options;
    if (query.refusal !== undefined) return this.#empty(query, query.refusal, transport);
    if (query.class !== CLASS_IN) return this.#empty(query, rcodes.REFUSED, transport);
    if (query.edns !== undefined && query.edns.version !== 0) {
      return this.#empty(query, rcodes.BADVERS, transport);
    }
    switch (query.type) {
      case recordTypes.OPT:
        return this.#empty(query, rcodes.FORMERR, transport);
      case recordTypes.AXFR:
      case recordTypes.IXFR:
        return this.#empty(query, rcodes.REFUSED, transport);
      case recordTypes.ANY:
        if (!minimalAny) break;
        return this.#write(
          query,
          { rcode: rcodes.NOERROR, isAuthoritative: false, answers: minimalAnySet },
          transport,
        );
    }

    const found = zone.lookup(query.name);
    switch (found.kind) {
      case "outside":
        return this.#forward(query, transport);
      case "unknown":
        return this.#deny(query, rcodes.SERVFAIL, found.zoneAt, transport);
      case "missing":
        if (this.#fallsThrough(query.name)) return this.#forward(query, transport);
        return this.#deny(query, rcodes.NXDOMAIN, found.zoneAt, transport);
      case "apex":
        if (query.type === recordTypes.SOA) {
          const soa = { section: "answer", zoneAt: 0, soa: zone.soa } as const;
          return this.#write(
            query,
            { rcode: rcodes.NOERROR, isAuthoritative: true, soa },
            transport,
          );
        }
        return this.#answerNode(query, found.node, found.zoneAt, transport);
      case "found":
        return this.#answerNode(query, found.node, found.zoneAt, transport);
    }
  }

  #answerNode(
    query: Query,
    node: ZoneNode,
    zoneAt: number,
    transport: Transport,
  ): Buffer | Promise<Buffer> {
    const answers = setOf(node, query.type);
    if (answers !== undefined) {
      const count = answers.answers.starts.length - 1;
      const first = count > 1 ? Math.floor(this.#options.random() * count) : 0;
      const reply = { rcode: rcodes.NOERROR, isAuthoritative: true, answers, first, zoneAt };
      return this.#write(query, reply, transport);
    }
    if (node.alias !== undefined && isAddressType(query.type)) {
      return this.#answerAlias(query, node.alias, zoneAt, transport);
    }
    if (node.needsSlices && !this.#options.zone.isSynced) {
      return this.#deny(query, rcodes.SERVFAIL, zoneAt, transport);
    }
    return this.#deny(query, rcodes.NOERROR, zoneAt, transport);
  }

  /** Follows an ExternalName inside the zones and, where it leaves them, through the resolver. */
  #answerAlias(
    query: Query,
    alias: Uint8Array,
    zoneAt: number,
    transport: Transport,
  ): Buffer | Promise<Buffer> {
    const { zone, resolver } = this.#options;
    const start = { owner: questionName(query), key: query.name, alias };
    const end = followAlias(zone, start, query.type);
    switch (end.kind) {
      case "found":
        return this.#sections(query, { answers: end.answers }, transport);
      case "denied": {
        // RFC 6604: the code is about the last name of the chain, and the chain is told.
        const rcode = end.exists ? rcodes.NOERROR : rcodes.NXDOMAIN;
        const authority = [soaRecord(end.zone, zone.soa)];
        return this.#sections(query, { rcode, answers: end.links, authority }, transport);
      }
      case "outside": {
        if (resolver === undefined) return this.#sections(query, { answers: end.links }, transport);
        const question = { ...questionOf(query), name: end.target, key: end.key };
        return this.#resolve(query, question, resolver, end.links, transport);
      }
      case "unknown":
        return this.#deny(query, rcodes.SERVFAIL, zoneAt, transport);
      case "endless":
        // There is no address (as CoreDNS).
        return this.#deny(query, rcodes.NOERROR, zoneAt, transport);
    }
  }

  #forward(query: Query, transport: Transport): Buffer | Promise<Buffer> {
    const { resolver, counters } = this.#options;
    if (resolver === undefined) return this.#empty(query, rcodes.REFUSED, transport);
    counters.forwarded++;
    return this.#resolve(query, questionOf(query), resolver, [], transport);
  }

  async #resolve(
    query: Query,
    question: Question,
    resolver: Resolver,
    links: readonly ResourceRecord[],
    transport: Transport,
  ): Promise<Buffer> {
    const resolution: Resolution = await resolver.resolve(question);
    switch (resolution.kind) {
      case "failed":
        return this.#failed(query, links, transport);
      case "refused":
        return this.#empty(query, rcodes.REFUSED, transport);
      case "nobody":
        // An alias is known whether or not anybody knows where it leads.
        return links.length === 0
          ? this.#empty(query, rcodes.REFUSED, transport)
          : this.#sections(query, { answers: links }, transport);
      case "answer": {
        const { answer } = resolution;
        if (answer.rcode === rcodes.SERVFAIL) return this.#failed(query, links, transport);
        // An alias of ours is not what the server has vouched for.
        const isAuthentic = answer.isAuthentic && links.length === 0 && wantsAuthentic(query);
        const flags =
          (answer.isTruncated ? headerFlags.truncated : 0) |
          (isAuthentic ? headerFlags.authenticData : 0);
        const answers = [...links, ...answer.answers];
        return this.#sections(query, { ...answer, answers, flags }, transport);
      }
    }
  }

  /** SERVFAIL, with the aliases that led to the name that nobody knows. */
  #failed(query: Query, links: readonly ResourceRecord[], transport: Transport): Buffer {
    return links.length === 0
      ? this.#empty(query, rcodes.SERVFAIL, transport)
      : this.#sections(query, { rcode: rcodes.SERVFAIL, answers: links }, transport);
  }

  /**
   * AA is set on forwarded answers as well, as CoreDNS does from its cache: old versions of glibc throw away
   * answers without it.
   */
  #sections(
    query: Query,
    parts: {
      readonly answers: readonly ResourceRecord[];
      readonly authority?: readonly ResourceRecord[];
      readonly additional?: readonly ResourceRecord[];
      readonly rcode?: number;
      readonly flags?: number;
    },
    transport: Transport,
  ): Buffer {
    const { rcode = rcodes.NOERROR, flags = 0, authority = [], additional = [] } = parts;
    const answers = rotateAddresses(parts.answers, this.#options.random);
    const all = { rcode, answers, authority, additional, flags: flags | headerFlags.authoritative };
    return writeSections(query, all, transport, this.#replyOptions);
  }

  /**
   * NXDOMAIN, or NOERROR without records, with the SOA record that says how long that may be remembered. SERVFAIL for
   * what is not known yet has it too, as in CoreDNS.
   */
  #deny(query: Query, rcode: number, zoneAt: number, transport: Transport): Buffer {
    const soa = { section: "authority", zoneAt, soa: this.#options.zone.soa } as const;
    return this.#write(query, { rcode, isAuthoritative: true, soa }, transport);
  }

  #fallsThrough(name: NameKey): boolean {
    const { resolver, fallthrough } = this.#options;
    return resolver !== undefined && fallthrough.some((zone) => isWithin(name, zone));
  }

  #empty(query: Query, rcode: number, transport: Transport): Buffer {
    return writeEmptyReply(query, rcode, transport, this.#replyOptions);
  }

  #write(query: Query, reply: Reply, transport: Transport): Buffer {
    return writeReply(query, reply, transport, this.#replyOptions);
  }

  #count(reply: Buffer): Buffer {
    const { counters } = this.#options;
    const flags = reply.readUInt16BE(2);
    const rcode = flags & 15;
    counters.rcodes[rcode] = (counters.rcodes[rcode] ?? 0) + 1;
    if ((flags & headerFlags.truncated) !== 0) counters.truncated++;
    return reply;
  }
}

/** Whether the client wants to know if the answer was proved (RFC 6840 section 5.8). */
function wantsAuthentic({ flags, edns }: Query): boolean {
  return (flags & headerFlags.authenticData) !== 0 || edns?.isDnssecOk === true;
}

function questionName(query: Query): Uint8Array {
  return query.packet.subarray(HEADER_BYTES, query.questionEnd - 4);
}

function questionOf(query: Query): Question {
  return {
    name: questionName(query),
    key: query.name,
    type: query.type,
    isDnssecOk: query.edns?.isDnssecOk ?? false,
    isCheckingDisabled: (query.flags & headerFlags.checkingDisabled) !== 0,
  };
}
