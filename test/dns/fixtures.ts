import type { EndpointSlice, Namespace, Pod, Service } from "../../src/api/types.ts";
import { Responder, type ResponderOptions } from "../../src/dns/answer.ts";
import { createCounters } from "../../src/dns/counters.ts";
import type { Resolver } from "../../src/dns/forward/resolver.ts";
import { nameKey, parseName } from "../../src/dns/wire/name.ts";
import { parseAddress } from "../../src/dns/zone/addresses.ts";
import { createZoneSource, type ZoneSource } from "../../src/dns/zone/source.ts";
import { Zone } from "../../src/dns/zone/zone.ts";
import { formatIp, parseIp } from "../../src/lib/ip.ts";
import type { EndpointFixture, Fixture, Settings, SliceFixture } from "./case-file.ts";

/** Cluster objects as the API has them. */
export interface Objects {
  readonly namespaces: readonly Namespace[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly pods: readonly Pod[];
}

export function objectsOf(fixtures: readonly Fixture[]): Objects {
  return {
    namespaces: fixtures.flatMap((f) => f.namespaces.map((name) => ({ metadata: { name } }))),
    services: fixtures.flatMap((f) => f.services.map(serviceOf)),
    slices: fixtures.flatMap((f, i) => (f.slices ?? []).map((s, j) => sliceOf(s, `s-${i}-${j}`))),
    pods: fixtures.flatMap((f) => (f.pods ?? []).map(podOf)),
  };
}

function serviceOf(fixture: Fixture["services"][number]): Service {
  const { ns, name, type = "ClusterIP", clusterIPs, externalName } = fixture;
  return {
    metadata: { name, namespace: ns },
    spec: {
      type,
      ...(clusterIPs === undefined ? {} : { clusterIPs, clusterIP: clusterIPs[0]! }),
      ...(externalName === undefined ? {} : { externalName }),
      ports: (fixture.ports ?? []).map(portOf),
    },
  };
}

function portOf(text: string) {
  const [name = "", port = "", protocol = ""] = text.split("/");
  return { ...(name === "" ? {} : { name }), port: Number(port), protocol };
}

function sliceOf({ svc, ports, eps = [], gen }: SliceFixture, name: string): EndpointSlice {
  const [namespace = "", service = ""] = svc.split("/");
  const all = gen === undefined ? eps : consecutive(gen.first, gen.n).map((a) => ({ a }));
  return {
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": service } },
    addressType: all[0]?.a.includes(":") ? "IPv6" : "IPv4",
    ports: ports.map(portOf),
    endpoints: all.map(endpointOf),
  };
}

export function consecutive(first: string, n: number): string[] {
  const { family, value } = parseIp(first)!;
  return Array.from({ length: n }, (_, i) => formatIp({ family, value: value + BigInt(i) }));
}

function endpointOf({ a, host, pod, zone, ready = true, serving, terminating }: EndpointFixture) {
  return {
    addresses: [a],
    conditions: {
      ...(ready === null ? {} : { ready }),
      ...(serving === undefined ? {} : { serving }),
      ...(terminating === undefined ? {} : { terminating }),
    },
    ...(host === undefined ? {} : { hostname: host }),
    ...(zone === undefined ? {} : { zone }),
    ...(pod === undefined ? {} : { targetRef: { kind: "Pod", name: pod } }),
  };
}

function podOf({ ns, name, ip, deletionTimestamp }: NonNullable<Fixture["pods"]>[number]): Pod {
  return {
    metadata: {
      name,
      namespace: ns,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }] },
  };
}

/** A zone with these settings, and the way to change its objects. */
export function zoneOf(
  settings: Settings,
  objects: Objects,
  random: () => number,
): { readonly zone: Zone; readonly source: ZoneSource } {
  const [clusterDomain = "", ...reverse] = settings.zones;
  const zone = new Zone({
    clusterDomain,
    reverseZones: reverse.map((name) => nameKey(parseName(name)!)),
    ttlSeconds: settings.ttl,
    podRecords: settings.podRecords,
    hideEmpty: settings.hideEmpty,
    zonalNames: settings.zonal,
    now: () => Date.now(),
    random,
  });
  for (const ip of settings.localIPs) zone.addServerAddress(parseAddress(ip)!);
  const source = createZoneSource(zone.objects, settings);
  for (const object of objects.namespaces) source.onNamespace({ type: "ADDED", object });
  for (const object of objects.services) source.onService({ type: "ADDED", object });
  for (const object of objects.slices) source.onSlice({ type: "ADDED", object });
  for (const object of objects.pods) source.onPod({ type: "ADDED", object });
  if (settings.synced) zone.markSynced();
  return { zone, source };
}

export function responderOf(
  settings: Settings,
  zone: Zone,
  random: () => number,
  resolver?: Resolver,
): { readonly responder: Responder; readonly options: ResponderOptions } {
  const options: ResponderOptions = {
    zone,
    fallthrough: settings.fallthrough.map((name) => nameKey(parseName(name)!)),
    minimalAny: settings.minimalAny,
    udpBytesMax: 65_507,
    random,
    counters: createCounters(),
    ...(resolver === undefined ? {} : { resolver }),
    ...(settings.nsid === undefined ? {} : { nsid: Buffer.from(settings.nsid) }),
  };
  return { responder: new Responder(options), options };
}
