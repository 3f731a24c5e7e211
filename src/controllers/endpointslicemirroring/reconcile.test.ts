import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, EndpointSubset, Endpoints } from "../../api/types.ts";
import { isMirrored, mirrorEndpoints } from "./reconcile.ts";

function endpointsOf(
  subsets: readonly EndpointSubset[],
  metadata: Partial<Endpoints["metadata"]> = {},
): Endpoints {
  return { metadata: { name: "ext", namespace: "demo", uid: "u", ...metadata }, subsets };
}

const http = [
  { name: "http", port: 80, protocol: "TCP" },
  { name: "dns", port: 53, protocol: "UDP" },
];
const other = [{ name: "http", port: 3000, protocol: "TCP" }];
const ips = (...list: readonly string[]) => list.map((ip) => ({ ip }));

/** What the server would hold after the plan. */
function settled(endpoints: Endpoints): EndpointSlice[] {
  return mirrorEndpoints(endpoints, []).creates.map((slice, index) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `ext-${index}`, uid: `slice-${index}` },
  }));
}

interface Case {
  readonly name: string;
  readonly subsets: readonly EndpointSubset[];
  /** What the slices say already; nothing unless told. */
  readonly before?: readonly EndpointSubset[];
  readonly want: {
    readonly writes: readonly [creates: number, updates: number, deletes: number];
    /** Addresses of each slice that is written. */
    readonly written?: readonly (readonly string[])[];
    readonly notes?: readonly string[];
  };
}

const cases: readonly Case[] = [
  { name: "no subsets, no slices", subsets: [], want: { writes: [0, 0, 0] } },
  {
    name: "ports without addresses are none",
    subsets: [{ ports: http }],
    want: { writes: [0, 0, 0] },
  },
  {
    name: "one subset is one slice",
    subsets: [{ ports: http, addresses: ips("10.0.0.1", "10.0.0.2") }],
    want: { writes: [1, 0, 0], written: [["10.0.0.1", "10.0.0.2"]] },
  },
  {
    name: "two sets of ports are two",
    subsets: [
      { ports: http, addresses: ips("10.0.0.1") },
      { ports: other, addresses: ips("10.0.0.2") },
    ],
    want: { writes: [2, 0, 0] },
  },
  {
    name: "one address in two subsets is one slice with all their ports",
    subsets: [
      { ports: [{ name: "a", port: 80 }], addresses: ips("10.0.0.1") },
      { ports: [{ name: "b", port: 90 }], addresses: ips("10.0.0.1") },
    ],
    want: { writes: [1, 0, 0], written: [["10.0.0.1"]] },
  },
  {
    name: "families go apart",
    subsets: [
      { ports: http, addresses: ips("2001:db8::1", "10.0.0.2") },
      { ports: other, addresses: ips("10.0.1.1", "2001:db8::2") },
    ],
    want: { writes: [4, 0, 0] },
  },
  {
    name: "only IPv6",
    subsets: [
      { ports: http, addresses: ips("2001:db8::1") },
      { ports: other, addresses: ips("2001:db8::2") },
    ],
    want: { writes: [2, 0, 0] },
  },
  {
    name: "what is no address is left out and told of",
    subsets: [{ ports: http, addresses: ips("10.0.0.1", "here", "there") }],
    want: {
      writes: [1, 0, 0],
      written: [["10.0.0.1"]],
      notes: ["Skipped 2 invalid IP addresses when mirroring to EndpointSlices"],
    },
  },
  {
    name: "nothing but that makes no slice",
    subsets: [{ ports: http, addresses: ips("here") }],
    want: {
      writes: [0, 0, 0],
      notes: ["Skipped 1 invalid IP addresses when mirroring to EndpointSlices"],
    },
  },
  {
    name: "addresses come and go in the slice that is there",
    before: [{ ports: http, addresses: ips("10.0.0.1", "10.0.0.2") }],
    subsets: [{ ports: http, addresses: ips("10.0.0.2", "10.0.0.3") }],
    want: { writes: [0, 1, 0], written: [["10.0.0.2", "10.0.0.3"]] },
  },
  {
    name: "one that turns unready as well",
    before: [{ ports: http, addresses: ips("10.0.0.1") }],
    subsets: [{ ports: http, notReadyAddresses: ips("10.0.0.1") }],
    want: { writes: [0, 1, 0] },
  },
  {
    name: "nothing new, nothing written",
    before: [{ ports: http, addresses: ips("10.0.0.1", "10.0.0.2") }],
    subsets: [{ ports: http.toReversed(), addresses: ips("10.0.0.2", "10.0.0.1") }],
    want: { writes: [0, 0, 0] },
  },
  {
    name: "other ports take over the slice",
    before: [{ ports: http, addresses: ips("10.0.0.1") }],
    subsets: [{ ports: other, addresses: ips("10.0.0.1") }],
    want: { writes: [0, 1, 0] },
  },
  {
    name: "in both families",
    before: [{ ports: http, addresses: ips("10.0.0.1", "2001:db8::1") }],
    subsets: [{ ports: other, addresses: ips("10.0.0.1", "2001:db8::1") }],
    want: { writes: [0, 2, 0] },
  },
  {
    name: "a family that goes takes its slice along",
    before: [{ ports: http, addresses: ips("10.0.0.1", "2001:db8::1") }],
    subsets: [{ ports: http, addresses: ips("10.0.0.1") }],
    want: { writes: [0, 0, 1] },
  },
  {
    name: "when all go, so do the slices",
    before: [{ ports: http, addresses: ips("10.0.0.1") }],
    subsets: [],
    want: { writes: [0, 0, 1] },
  },
  {
    name: "a thousand and one address are one too many",
    subsets: [
      {
        ports: http,
        addresses: Array.from({ length: 1001 }, (_, index) => ({
          ip: `10.0.${index >> 8}.${index & 255}`,
        })),
      },
    ],
    want: {
      writes: [1, 0, 0],
      notes: [
        "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 1 addresses were skipped",
      ],
    },
  },
];

for (const { name, subsets, before = [], want } of cases) {
  test(`mirrorEndpoints: ${name}`, () => {
    const existing = settled(endpointsOf(before));
    const { creates, updates, deletes, notes } = mirrorEndpoints(endpointsOf(subsets), existing);
    assert.deepEqual([creates.length, updates.length, deletes.length], want.writes);
    const written = [...creates, ...updates];
    if (want.written !== undefined) {
      const addresses = written.map(({ endpoints }) => endpoints.flatMap((one) => one.addresses));
      assert.deepEqual(
        addresses.map((list) => list.toSorted()),
        want.written,
      );
    }
    for (const { endpoints } of written) assert.ok(endpoints.length <= 1000);
    assert.deepEqual(
      notes.map(({ message }) => message),
      want.notes ?? [],
    );
  });
}

test("mirrorEndpoints: labels and annotations are taken over, but not those of controllers and kubectl", () => {
  const [slice] = mirrorEndpoints(
    endpointsOf([{ ports: http, addresses: ips("10.0.0.1") }], {
      labels: { team: "a", "kubernetes.io/service-name": "another" },
      annotations: {
        note: "b",
        "endpoints.kubernetes.io/last-change-trigger-time": "2030-01-01T00:00:00Z",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
      },
    }),
    [],
  ).creates;
  assert.deepEqual(slice?.metadata.labels, {
    team: "a",
    "kubernetes.io/service-name": "ext",
    "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
  });
  assert.deepEqual(slice?.metadata.annotations, { note: "b" });
});

test("mirrorEndpoints: no slice is made for Endpoints that are going", () => {
  const going = { deletionTimestamp: "2030-01-01T00:00:00Z" };
  const endpoints = endpointsOf([{ ports: http, addresses: ips("10.0.0.1") }], going);
  assert.deepEqual(mirrorEndpoints(endpoints, []).creates, []);
});

const SKIP = "endpointslice.kubernetes.io/skip-mirror";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const MANAGED_BY = "endpoints.kubernetes.io/managed-by";

for (const { name, metadata = {}, service = {}, want } of [
  { name: "those of a Service without selector are", want: true },
  { name: "nor need it be more than empty", service: { selector: {} }, want: true },
  {
    name: "those of one that picks pods are not",
    service: { selector: { app: "web" } },
    want: false,
  },
  { name: "those without a Service are not", service: "none", want: false },
  { name: "the label opts out", metadata: { labels: { [SKIP]: "true" } }, want: false },
  { name: "but only with true", metadata: { labels: { [SKIP]: "yes" } }, want: true },
  {
    name: "records of an election are not",
    metadata: { annotations: { [LEADER]: "" } },
    want: false,
  },
  {
    name: "those of the endpoints controller are not",
    metadata: { labels: { [MANAGED_BY]: "endpoint-controller" } },
    want: false,
  },
  {
    name: "those of another controller are",
    metadata: { labels: { [MANAGED_BY]: "mine" } },
    want: true,
  },
] as const) {
  test(`isMirrored: ${name}`, () => {
    const given = service === "none" ? undefined : { metadata: { name: "ext" }, spec: service };
    assert.equal(isMirrored(endpointsOf([], metadata), given), want);
  });
}
