import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOrder, parseReport } from "./messages.ts";

const reports: readonly {
  readonly name: string;
  readonly message: unknown;
  readonly isKnown: boolean;
}[] = [
  { name: "progress", message: { type: "progress", text: "x" }, isKnown: true },
  { name: "ready", message: { type: "ready", apiPort: 6443 }, isKnown: true },
  {
    name: "a failure",
    message: { type: "failed", code: "C", message: "m", remedy: "r" },
    isKnown: true,
  },
  { name: "a failure without a reason", message: { type: "failed", code: "C" }, isKnown: false },
  {
    name: "a request for a socket",
    message: {
      type: "socket-request",
      id: 1,
      kind: "bind-udp",
      at: { host: "127.0.0.1", port: 0 },
    },
    isKnown: true,
  },
  {
    name: "a request of an unknown kind",
    message: { type: "socket-request", id: 1, kind: "raw", at: { host: "127.0.0.1", port: 0 } },
    isKnown: false,
  },
  {
    name: "a request to nowhere",
    message: { type: "socket-request", id: 1, kind: "bind-udp" },
    isKnown: false,
  },
  { name: "a text", message: "ready", isKnown: false },
  { name: "null", message: null, isKnown: false },
];

for (const { name, message, isKnown } of reports) {
  test(`parseReport: ${name} is ${isKnown ? "taken as it is" : "ignored"}`, () => {
    assert.deepEqual(parseReport(message), isKnown ? message : undefined);
  });
}

test("parseOrder: knows what the gate says, and nothing else", () => {
  assert.deepEqual(parseOrder({ type: "close" }), { type: "close" });
  assert.deepEqual(parseOrder({ type: "socket", id: 3 }), { type: "socket", id: 3 });
  assert.equal(parseOrder({ type: "socket" }), undefined);
  assert.equal(parseOrder({ type: "reboot" }), undefined);
  assert.equal(parseOrder(undefined), undefined);
});
