import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../api/status-error.ts";
import type { Lease } from "../api/types.ts";
import { silentLogger } from "../lib/log.ts";
import { ManualClock } from "../lib/manual-clock.ts";
import type { Api } from "./api.ts";
import { createApi } from "./create-api.ts";
import { leadWhenElected } from "./lease.ts";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";

/** One Lease behind the API's rules for it: create once, update only what was read. */
class LeaseServer implements Transport {
  lease: Lease | undefined;
  isDown = false;
  #version = 0;

  async request({ method, body }: ApiRequest): Promise<ApiResponse> {
    if (this.isDown) throw new Error("ECONNREFUSED");
    const sent = JSON.parse(body === undefined ? "{}" : new TextDecoder().decode(body));
    if (method === "GET" && this.lease === undefined) return refuse(404, "NotFound");
    if (method === "POST" && this.lease !== undefined) return refuse(409, "AlreadyExists");
    const { resourceVersion } = this.lease?.metadata ?? {};
    if (method === "PUT" && sent.metadata.resourceVersion !== resourceVersion) {
      return refuse(409, "Conflict");
    }
    if (method !== "GET") {
      this.lease = {
        ...sent,
        metadata: { ...sent.metadata, resourceVersion: String(++this.#version) },
      };
    }
    return answer(200, this.lease);
  }

  async [Symbol.asyncDispose]() {}
}

function answer(status: number, value: unknown): ApiResponse {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return {
    status,
    headers: {},
    body: (async function* () {
      yield body;
    })(),
  };
}
function refuse(code: number, reason: "NotFound" | "AlreadyExists" | "Conflict"): ApiResponse {
  return answer(code, new StatusError(code, reason, reason).status);
}

function candidate(api: Api, clock: ManualClock, identity: string) {
  const end = new AbortController();
  let leads = false;
  const options = {
    api,
    lease: { namespace: "kube-system", name: "portolan-controllers" },
    identity,
    clock,
    random: () => 0,
    log: silentLogger,
    signal: end.signal,
  };
  const done = leadWhenElected(options, async (signal) => {
    leads = true;
    await new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    leads = false;
  });
  return { end, done, leads: () => leads };
}

test("one leads; the other takes over as soon as the lease is given back", async () => {
  const server = new LeaseServer();
  const clock = new ManualClock();
  const api = createApi(server, { clock });
  const a = candidate(api, clock, "a");
  await clock.advance(100);
  const b = candidate(api, clock, "b");
  await clock.advance(60_000);
  assert.deepEqual([a.leads(), b.leads()], [true, false]);
  a.end.abort();
  await a.done;
  assert.equal(server.lease?.spec?.holderIdentity, "");
  await clock.advance(2_500);
  assert.deepEqual([a.leads(), b.leads()], [false, true]);
  assert.equal(server.lease?.spec?.leaseTransitions, 1);
  b.end.abort();
  await b.done;
});

test("a holder that vanished is waited for its lease's whole duration, by the candidate's own clock", async () => {
  const server = new LeaseServer();
  const clock = new ManualClock();
  const api = createApi(server, { clock });
  server.lease = {
    metadata: { name: "portolan-controllers", resourceVersion: "x" },
    // Its clock is years behind; that must not matter.
    spec: {
      holderIdentity: "gone",
      leaseDurationSeconds: 15,
      renewTime: "2001-01-01T00:00:00.000000Z",
    },
  };
  const b = candidate(api, clock, "b");
  await clock.advance(14_000);
  assert.equal(b.leads(), false);
  await clock.advance(3_000);
  assert.equal(b.leads(), true);
  b.end.abort();
  await b.done;
});

test("a leader that cannot renew stops before others may start", async () => {
  const server = new LeaseServer();
  const clock = new ManualClock();
  const a = candidate(createApi(server, { clock }), clock, "a");
  await clock.advance(5_000);
  assert.equal(a.leads(), true);
  server.isDown = true;
  const lost = assert.rejects(a.done, { code: "LEASE_LOST" });
  await clock.advance(14_000);
  assert.equal(a.leads(), false);
  await lost;
});
