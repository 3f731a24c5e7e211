import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice } from "../api/types.ts";
import { portsKey, reuseDeletes } from "./slices.ts";

const slice = (text: string): EndpointSlice => {
  const [addressType = "", name] = text.split(" ");
  return {
    metadata: name === undefined ? {} : { name, uid: `uid-${name}` },
    addressType,
    endpoints: [],
  };
};
const textOf = ({ addressType, metadata }: EndpointSlice) =>
  metadata.name === undefined ? addressType : `${addressType} ${metadata.name}`;

interface Case {
  readonly name: string;
  readonly creates: readonly string[];
  readonly deletes: readonly string[];
  readonly want: readonly [creates: string[], updates: string[], deletes: string[]];
}

const cases: readonly Case[] = [
  {
    name: "a slice that would go takes what would be new",
    creates: ["IPv4"],
    deletes: ["IPv4 a"],
    want: [[], ["IPv4 a"], []],
  },
  {
    name: "both families of a Service do so",
    creates: ["IPv4", "IPv6"],
    deletes: ["IPv4 a", "IPv6 b"],
    want: [[], ["IPv4 a", "IPv6 b"], []],
  },
  {
    name: "whichever comes first",
    creates: ["IPv6", "IPv4"],
    deletes: ["IPv4 a", "IPv6 b"],
    want: [[], ["IPv4 a", "IPv6 b"], []],
  },
  {
    name: "but no slice changes its address type",
    creates: ["IPv4"],
    deletes: ["IPv6 a", "IP b"],
    want: [["IPv4"], [], ["IPv6 a", "IP b"]],
  },
  {
    name: "more new ones than old ones",
    creates: ["IPv4", "IPv4"],
    deletes: ["IPv4 a"],
    want: [["IPv4"], ["IPv4 a"], []],
  },
  {
    name: "more old ones than new ones",
    creates: ["IPv4"],
    deletes: ["IPv4 a", "IPv4 b"],
    want: [[], ["IPv4 a"], ["IPv4 b"]],
  },
  {
    name: "one of somebody else goes",
    creates: ["IPv4"],
    deletes: ["IPv4 foreign", "IPv4 a"],
    want: [[], ["IPv4 a"], ["IPv4 foreign"]],
  },
];

for (const { name, creates, deletes, want } of cases) {
  test(`reuseDeletes: ${name}`, () => {
    const plan = reuseDeletes(
      { creates: creates.map(slice), updates: [], deletes: deletes.map(slice) },
      ({ metadata }) => metadata.name !== "foreign",
    );
    assert.deepEqual(
      [plan.creates.map(textOf), plan.updates.map(textOf), plan.deletes.map(textOf)],
      want,
    );
  });
}

test("portsKey: the order of ports is free, every field counts", () => {
  const http = { name: "http", port: 80, protocol: "TCP" };
  const dns = { name: "dns", port: 53, protocol: "UDP" };
  assert.equal(portsKey([http, dns]), portsKey([dns, http]));
  assert.equal(portsKey([{ port: 80 }]), portsKey([{ name: "", port: 80, protocol: "TCP" }]));
  assert.equal(portsKey(undefined), portsKey([]));
  const others = [
    { ...http, name: "web" },
    { ...http, port: 81 },
    { ...http, protocol: "UDP" },
    { ...http, appProtocol: "http" },
  ];
  for (const other of others) assert.notEqual(portsKey([http]), portsKey([other]));
});
