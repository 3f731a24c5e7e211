import assert from "node:assert/strict";
import { test } from "node:test";
import { attributes, type NetlinkMessage, nested } from "./netlink.ts";
import { NftState } from "./nft-state.ts";

const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_DATA_VALUE = 1;

/** A part of a list of elements, as the kernel tells it. */
function part(...keys: readonly number[]): NetlinkMessage {
  const elements = keys.map((key) => {
    const value = { type: NFTA_DATA_VALUE, value: Buffer.from([key]) };
    return nested(NFTA_LIST_ELEM, nested(NFTA_SET_ELEM_KEY, value));
  });
  const list = attributes(nested(NFTA_SET_ELEM_LIST_ELEMENTS, ...elements));
  return { type: 0, body: Buffer.concat([Buffer.alloc(4), list]) };
}

/** The state of a kernel that gives one answer after the other, and the last one for ever. */
function stateOf(...answers: readonly (readonly NetlinkMessage[])[]): NftState {
  const left = [...answers];
  const request = () => [...((left.length > 1 ? left.shift() : left[0]) ?? [])];
  return new NftState({ request, [Symbol.dispose]: () => {} });
}

const keysOf = (elements: ReturnType<NftState["elements"]>) => elements?.map(({ key }) => key);

// The table has elements 1 to 4. Between two parts the kernel brings them into the order 3, 1, 4, 2.
const whole = [part(3, 1), part(4, 2)];
const reordered = [part(1, 2), part(4, 2)];

test("a list in which the kernel changed the order is read again: it lacks an element", () => {
  using state = stateOf(reordered, reordered, whole);
  assert.deepEqual(keysOf(state.elements("t", "m")), ["03", "01", "04", "02"]);
});

test("a list whose order changes again and again is an error, and not half a list", () => {
  using state = stateOf(reordered);
  assert.throws(() => state.elements("t", "m"), { code: "EINTR" });
});

test("a list that packets change is taken as it is", () => {
  using state = stateOf(reordered, whole);
  assert.deepEqual(keysOf(state.changingElements("t", "m")), ["01", "02", "04", "02"]);
});
