import assert from "node:assert/strict";
import { test } from "node:test";
import { apiPortError } from "./api-port-error.ts";

const refused = Object.assign(new Error("listen EACCES"), { code: "EACCES" });

for (const [port, code, other] of [
  [80, "API_PORT_REFUSED", 6443],
  [1023, "API_PORT_REFUSED", 6443],
] as const) {
  test(`apiPortError: for port ${port} the remedy names one that an ordinary user may have`, () => {
    const error = apiPortError({ error: refused, port, dataDir: "/data" });
    assert.equal(error.code, code);
    assert.equal(error.remedy, `portolan up --data-dir /data --api-port ${other}`);
  });
}
