import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointAddress, EndpointPort, EndpointSubset } from "../api/types.ts";
import { repackSubsets } from "./endpoint-subsets.ts";

/** `10.0.0.1`, `10.0.0.1#uid` for a pod's, `!` in front for one that is not ready; ports are numbers, or `name/number`. */
type Subset = readonly [addresses: string, ports: string];

function subsetOf([addresses, ports]: Subset): EndpointSubset {
  const texts = addresses.split(" ").filter((text) => text !== "");
  return {
    addresses: texts.filter((text) => !text.startsWith("!")).map(addressOf),
    notReadyAddresses: texts.filter((text) => text.startsWith("!")).map(addressOf),
    ports: ports
      .split(" ")
      .filter((text) => text !== "")
      .map(portOf),
  };
}

function addressOf(text: string): EndpointAddress {
  const [ip = "", uid] = text.replace("!", "").split("#");
  return uid === undefined ? { ip } : { ip, targetRef: { uid } };
}

function portOf(text: string): EndpointPort {
  const [number = "", name] = text.split("/").toReversed();
  return { port: Number(number), ...(name === undefined ? {} : { name }) };
}

function textOf({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset): Subset {
  const text = ({ ip, targetRef }: EndpointAddress) =>
    targetRef?.uid === undefined ? ip : `${ip}#${targetRef.uid}`;
  return [
    [...addresses.map(text), ...notReadyAddresses.map((address) => `!${text(address)}`)].join(" "),
    ports.map(({ name, port }) => (name === undefined ? `${port}` : `${name}/${port}`)).join(" "),
  ];
}

interface Case {
  readonly name: string;
  readonly given: readonly Subset[];
  readonly want: readonly Subset[];
}

const [a, b, c] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

const cases: readonly Case[] = [
  { name: "nothing", given: [], want: [] },
  { name: "neither addresses nor ports", given: [["", ""]], want: [] },
  { name: "ports without addresses", given: [["", "80"]], want: [] },
  { name: "addresses without ports stay", given: [[a, ""]], want: [[a, ""]] },
  { name: "also those that are not ready", given: [[`!${a}`, ""]], want: [[`!${a}`, ""]] },
  { name: "one address, one port", given: [[a, "80"]], want: [[a, "80"]] },
  { name: "IPv6", given: [["2001:db8::1", "80"]], want: [["2001:db8::1", "80"]] },
  { name: "one that is not ready", given: [[`!${a}`, "80"]], want: [[`!${a}`, "80"]] },
  { name: "of a pod", given: [[`${a}#p`, "80"]], want: [[`${a}#p`, "80"]] },
  { name: "of a pod not ready", given: [[`!${a}#p`, "80"]], want: [[`!${a}#p`, "80"]] },
  { name: "two addresses", given: [[`${a} ${b}`, "80"]], want: [[`${a} ${b}`, "80"]] },
  { name: "one ready, one not", given: [[`${a} !${b}`, "80"]], want: [[`${a} !${b}`, "80"]] },
  {
    name: "the same one ready and not is not",
    given: [[`${a} !${a}`, "80"]],
    want: [[`!${a}`, "80"]],
  },
  { name: "two ports", given: [[a, "80 81"]], want: [[a, "80 81"]] },
  { name: "the same address twice", given: [[`${a} ${a}`, "80"]], want: [[a, "80"]] },
  {
    name: "the same IPv6 address twice",
    given: [["2001:db8::1 2001:db8::1", "80"]],
    want: [["2001:db8::1", "80"]],
  },
  { name: "the same port twice", given: [[a, "80 80"]], want: [[a, "80"]] },
  {
    name: "one port under two names is two",
    given: [[a, "x/80 y/80"]],
    want: [[a, "x/80 y/80"]],
  },
  {
    name: "the same subset twice",
    given: [
      [a, "80"],
      [a, "80"],
    ],
    want: [[a, "80"]],
  },
  {
    name: "once ready, once not",
    given: [
      [a, "80"],
      [`!${a}`, "80"],
    ],
    want: [[`!${a}`, "80"]],
  },
  {
    name: "two ports of one address come together",
    given: [
      [a, "80"],
      [a, "81"],
    ],
    want: [[a, "80 81"]],
  },
  {
    name: "also of a pod",
    given: [
      [`${a}#p`, "80"],
      [`${a}#p`, "81"],
    ],
    want: [[`${a}#p`, "80 81"]],
  },
  {
    name: "not when it is ready on one of them only",
    given: [
      [`${a}#p`, "80"],
      [`!${a}#p`, "81"],
    ],
    want: [
      [`${a}#p`, "80"],
      [`!${a}#p`, "81"],
    ],
  },
  {
    name: "two addresses of one port come together",
    given: [
      [a, "80"],
      [b, "80"],
    ],
    want: [[`${a} ${b}`, "80"]],
  },
  {
    name: "one address of two pods is two",
    given: [
      [`${a}#p`, "80"],
      [`${a}#q`, "80"],
    ],
    want: [[`${a}#p ${a}#q`, "80"]],
  },
  {
    name: "with a pod and without one",
    given: [
      [a, "80"],
      [`${a}#p`, "80"],
    ],
    want: [[`${a} ${a}#p`, "80"]],
  },
  {
    name: "addresses come in order",
    given: [
      [b, "80"],
      [`${b}#p`, "80"],
      [`${a}#p`, "80"],
      [a, "80"],
    ],
    want: [[`${a} ${a}#p ${b} ${b}#p`, "80"]],
  },
  {
    name: "ready ones and others apart",
    given: [
      [b, "80"],
      [`!${b}#p`, "80"],
      [`!${a}#p`, "80"],
      [`!${a}`, "80"],
    ],
    want: [[`${b} !${a} !${a}#p !${b}#p`, "80"]],
  },
  {
    name: "two addresses on two ports stay apart",
    given: [
      [a, "80"],
      [b, "81"],
    ],
    want: [
      [a, "80"],
      [b, "81"],
    ],
  },
  {
    name: "four subsets of three addresses make two",
    given: [
      [a, "80"],
      [b, "81"],
      [c, "80"],
      [b, "82"],
    ],
    want: [
      [`${a} ${c}`, "80"],
      [b, "81 82"],
    ],
  },
  {
    name: "one of them not ready",
    given: [
      [a, "80"],
      [`!${b}`, "81"],
      [c, "80"],
      [`!${b}`, "82"],
    ],
    want: [
      [`${a} ${c}`, "80"],
      [`!${b}`, "81 82"],
    ],
  },
  {
    name: "ports that all addresses share stay with the others when their addresses are the same",
    given: [
      [`${a} ${b}`, "80"],
      [`${b} ${a}`, "81"],
    ],
    want: [[`${a} ${b}`, "80 81"]],
  },
];

for (const { name, given, want } of cases) {
  test(`repackSubsets: ${name}`, () => {
    const packed = repackSubsets(given.map(subsetOf));
    assert.deepEqual(packed.map(textOf), want);
    assert.deepEqual(repackSubsets(packed), packed);
  });
}
