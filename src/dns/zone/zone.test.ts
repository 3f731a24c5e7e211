import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../test/dns/seeded-random.ts";
import type { EndpointSlice, Namespace, Pod, Service } from "../../api/types.ts";
import { recordTypes } from "../wire/constants.ts";
import { type NameKey, nameKey, parseName } from "../wire/name.ts";
import { dataOf } from "../wire/record-set.ts";
import { parseAddress, reverseKey } from "./addresses.ts";
import { setOf } from "./nodes.ts";
import { createZoneSource } from "./source.ts";
import { Zone } from "./zone.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const hosts = ["h0", "h1", undefined] as const;
const addresses = ["10.0.0.1", "10.0.0.2", "10.0.1.1", "fd00:1::1"];
const clusterIps = ["172.30.0.1", "172.30.0.2", "None"];
const serviceNames = ["a", "b"];
const namespaceNames = ["shop", "ops"];

function newZone() {
  const zone = new Zone({
    clusterDomain: "cluster.local",
    reverseZones: ["10.in-addr.arpa", "30.172.in-addr.arpa", "0.0.d.f.ip6.arpa"].map(keyOf),
    ttlSeconds: 5,
    podRecords: "verified",
    hideEmpty: false,
    zonalNames: false,
    now: () => 0,
    random: () => 0,
  });
  zone.addServerAddress(parseAddress("10.0.0.1")!);
  zone.markSynced();
  const source = createZoneSource(zone.objects, {
    endpointNames: "address",
    endpoints: true,
    namespaces: [],
  });
  return { zone, source };
}

function keyOf(text: string): NameKey {
  return nameKey(parseName(text)!);
}

/** Every name that any of the objects below could bring forth, and some that none can. */
const names: readonly NameKey[] = [
  "cluster.local",
  "svc.cluster.local",
  "pod.cluster.local",
  "ns.dns.cluster.local",
  "0.10.in-addr.arpa",
  "0.0.10.in-addr.arpa",
  "30.172.in-addr.arpa",
  ...namespaceNames.flatMap((ns) => [
    `${ns}.svc.cluster.local`,
    ...addresses.map((ip) => `${ip.replaceAll(/[.:]/g, "-")}.${ns}.pod.cluster.local`),
    ...serviceNames.flatMap((name) =>
      ["", "_p._tcp.", "_tcp.", "h0.", "h1.", "10-0-0-1.", "10-0-1-1.", "fd00-1--1.", "x."].map(
        (below) => `${below}${name}.${ns}.svc.cluster.local`,
      ),
    ),
  ]),
]
  .map(keyOf)
  .concat([...addresses, "172.30.0.1", "172.30.0.2"].map((ip) => reverseKey(parseAddress(ip)!)));

/** All that a zone says, in a form that compares. The order of records is free. */
function everything(zone: Zone): unknown {
  return names.map((name) => {
    const found = zone.lookup(name);
    if (found.kind !== "found" && found.kind !== "apex") return [name, found.kind];
    const sets = [...found.node.sets, setOf(found.node, recordTypes.SRV)]
      .flatMap((set) => set ?? [])
      .map((set) => [
        set.type,
        dataOf(set)
          .map((data) => Buffer.from(data).toString("hex"))
          .sort(),
        set.additional?.answers.length,
      ]);
    return [name, found.kind, found.node.alias, sets.sort()];
  });
}

type Event =
  | { readonly kind: "namespace"; readonly object: Namespace; readonly exists: boolean }
  | { readonly kind: "service"; readonly object: Service; readonly exists: boolean }
  | { readonly kind: "slice"; readonly object: EndpointSlice; readonly exists: boolean }
  | { readonly kind: "pod"; readonly object: Pod; readonly exists: boolean };

function apply(source: ReturnType<typeof createZoneSource>, event: Event): void {
  const type = event.exists ? "ADDED" : "DELETED";
  if (event.kind === "namespace") source.onNamespace({ type, object: event.object });
  if (event.kind === "service") source.onService({ type, object: event.object });
  if (event.kind === "slice") source.onSlice({ type, object: event.object });
  if (event.kind === "pod") source.onPod({ type, object: event.object });
}

function randomEvent(random: () => number): Event {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const namespace = pick(namespaceNames);
  const exists = random() < 0.7;
  const kind = pick(["namespace", "service", "service", "slice", "slice", "slice", "pod"] as const);
  const name = pick(serviceNames);
  const port = { name: pick(["p", ""]), protocol: "TCP", port: pick([80, 81]) };
  switch (kind) {
    case "namespace":
      return { kind, object: { metadata: { name: namespace } }, exists };
    case "service": {
      const external = random() < 0.2;
      const spec = external
        ? { type: "ExternalName", externalName: "www.example.org" }
        : { clusterIPs: [pick(clusterIps)], ports: [port] };
      return { kind, object: { metadata: { name, namespace }, spec }, exists };
    }
    case "slice": {
      const endpoints = addresses
        .filter(() => random() < 0.4)
        .map((address) => {
          const hostname = pick(hosts);
          return {
            addresses: [address],
            conditions: { ready: random() < 0.8 },
            ...(hostname === undefined ? {} : { hostname }),
          };
        });
      const labels = { "kubernetes.io/service-name": name };
      const metadata = { name: pick(["s0", "s1", "s2"]), namespace, labels };
      return { kind, object: { metadata, addressType: "IPv4", endpoints, ports: [port] }, exists };
    }
    case "pod": {
      const ip = pick(addresses);
      const status = { phase: pick(["Running", "Failed"]), podIP: ip, podIPs: [{ ip }] };
      return {
        kind,
        object: { metadata: { name: pick(["p0", "p1"]), namespace }, status },
        exists,
      };
    }
  }
}

test(`after any order of changes a zone answers like one that is built anew (seed ${seed})`, () => {
  const random = seededRandom(seed);
  for (let run = 0; run < 60; run++) {
    const { zone, source } = newZone();
    const current = new Map<string, Event>();
    for (let step = 0; step < 60; step++) {
      const event = randomEvent(random);
      const { namespace, name } = event.object.metadata;
      current.set(`${event.kind} ${namespace}/${name}`, event);
      apply(source, event);
      if (random() < 0.3) everything(zone);
    }
    const anew = newZone();
    for (const event of [...current.values()].reverse())
      if (event.exists) apply(anew.source, event);
    assert.deepEqual(everything(zone), everything(anew.zone), `run ${run}`);
  }
});

test("the serial grows with each change that shows, however little time passes, and with no other", () => {
  const { zone, source } = newZone();
  const object: Service = {
    metadata: { name: "a", namespace: "shop" },
    spec: { clusterIPs: ["None"] },
  };
  const serials = [zone.soa.serial];
  source.onService({ type: "ADDED", object });
  serials.push(zone.soa.serial);
  const labelled: Service = { ...object, metadata: { ...object.metadata, labels: { x: "y" } } };
  source.onService({ type: "MODIFIED", object: labelled, previous: object });
  serials.push(zone.soa.serial);
  source.onService({ type: "DELETED", object });
  serials.push(zone.soa.serial);
  assert.deepEqual(serials, [0, 1, 1, 2]);
});

test("before the objects have arrived nothing is denied", () => {
  const zone = new Zone({
    clusterDomain: "cluster.local",
    reverseZones: [keyOf("10.in-addr.arpa")],
    ttlSeconds: 5,
    podRecords: "disabled",
    hideEmpty: false,
    zonalNames: false,
    now: () => 0,
    random: () => 0,
  });
  const names = ["web.shop.svc.cluster.local", "shop.svc.cluster.local", "1.0.0.10.in-addr.arpa"];
  for (const name of names) assert.equal(zone.lookup(keyOf(name)).kind, "unknown");
  zone.markSynced();
  for (const name of names) assert.equal(zone.lookup(keyOf(name)).kind, "missing");
});
