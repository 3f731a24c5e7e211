import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The case file's own shapes; its head comment says what they mean. */
export interface CaseFile {
  readonly defaults: Settings;
  readonly fixtures: Readonly<Record<string, Fixture>>;
  readonly cases: readonly Case[];
}

export interface Settings {
  readonly zones: readonly string[];
  readonly ttl: number;
  readonly podRecords: "disabled" | "insecure" | "verified";
  readonly endpointNames: "address" | "pod";
  readonly endpoints: boolean;
  readonly hideEmpty: boolean;
  readonly namespaces: readonly string[];
  readonly fallthrough: readonly string[];
  readonly zonal: boolean;
  readonly minimalAny: boolean;
  readonly synced: boolean;
  readonly localIPs: readonly string[];
  readonly nsid?: string;
  readonly cache?: {
    readonly max?: number;
    readonly serveStale?: string;
    readonly staleTtl?: number;
  };
  readonly forward?: { readonly maxConcurrent?: number; readonly upstreams?: readonly string[] };
}

export interface Fixture {
  readonly namespaces: readonly string[];
  readonly services: readonly {
    readonly ns: string;
    readonly name: string;
    readonly type?: string;
    readonly clusterIPs?: readonly string[];
    readonly ports?: readonly string[];
    readonly externalName?: string;
    readonly publishNotReadyAddresses?: boolean;
  }[];
  readonly slices?: readonly SliceFixture[];
  readonly pods?: readonly {
    readonly ns: string;
    readonly name: string;
    readonly ip: string;
    readonly deletionTimestamp?: string;
  }[];
}

export interface SliceFixture {
  readonly svc: string;
  readonly ports: readonly string[];
  readonly eps?: readonly EndpointFixture[];
  readonly gen?: { readonly n: number; readonly first: string };
}

export interface EndpointFixture {
  readonly a: string;
  readonly host?: string;
  readonly pod?: string;
  readonly zone?: string;
  readonly ready?: boolean | null;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

export interface Edns {
  readonly size?: number;
  readonly do?: boolean;
  readonly version?: number;
  readonly opts?: readonly { readonly code: number; readonly hex: string }[];
}

export type Ask =
  | readonly [string, string]
  | {
      readonly name?: string;
      readonly type?: string;
      readonly class?: string;
      readonly tcp?: boolean;
      readonly edns?: Edns;
      readonly opcode?: number;
      readonly hex?: string;
      readonly idle?: string;
    };

export interface Want {
  readonly reply?: "none";
  readonly rcode?: string;
  readonly aa?: boolean | "any";
  readonly tc?: boolean;
  readonly an?: readonly string[];
  readonly ns?: "soa" | "any" | readonly string[];
  readonly ar?: readonly string[];
  readonly ordered?: boolean;
  readonly anCount?: number;
  readonly anSubsetOf?: string;
  readonly maxBytes?: number;
  readonly opt?: {
    readonly version?: number;
    readonly size?: number;
    readonly do?: boolean;
    readonly nsid?: string;
    readonly lacks?: readonly number[];
  };
  readonly distinctFirst?: string;
  readonly everySeen?: string;
  readonly closedByServer?: boolean;
  readonly serial?: string;
  readonly upstreamQueries?: number;
  readonly rcodes?: Readonly<Record<string, number>>;
  readonly within?: string;
}

export type Upstream = Readonly<Record<string, "timeout" | UpstreamAnswer>>;

export interface UpstreamAnswer {
  readonly rcode: string;
  readonly an?: readonly string[];
  readonly ns?: readonly string[];
  readonly tc?: boolean;
}

export interface Step {
  readonly q?: Ask;
  readonly want?: Want;
  readonly save?: string;
  readonly change?: {
    readonly slice?: string;
    readonly ep?: string;
    readonly ready?: boolean;
    readonly label?: string;
    readonly delete?: string;
  };
  readonly advance?: string;
  readonly upstreamNow?: "timeout";
  readonly parallel?: number;
  readonly names?: readonly string[];
  readonly upstreamDelay?: string;
  readonly metric?: string;
}

export interface Case {
  readonly id: string;
  readonly level: "must" | "compat" | "quirk" | "own";
  readonly use: readonly string[];
  readonly set?: Partial<Settings>;
  readonly upstream?: Upstream;
  readonly q?: Ask;
  readonly want?: Want;
  readonly steps?: readonly Step[];
  readonly repeat?: number;
}

export function readCases(): CaseFile {
  const text = readFileSync(join(import.meta.dirname, "cases", "dns-cases.yaml"), "utf8");
  const file: CaseFile = parse(text);
  return file;
}
