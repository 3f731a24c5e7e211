import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../api/status-error.ts";
import type { Lease } from "../api/types.ts";
import { silentLogger } from "../lib/log.ts";
import { ManualClock } from "../lib/manual-clock.ts";
import type { Api } from "./api.ts";
import { createApi } from "./create-api.ts";
import { type ElectionOptions, leadWhenElected } from "./lease.ts";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";

/** One Lease behind the API's rules for it: create once, update only what was read. */
class LeaseServer implements Transport {
  lease: Lease | undefined;
  #version = 0;
  #fault: Promise<never> | undefined;

  /** From now on requests wait, until what is returned makes them fail. */
  breakDown(): (error: Error) => void {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {}); // There may be no request yet.
    this.#fault = promise;
    return reject;
  }

  async request({ method, body }: ApiRequest): Promise<ApiResponse> {
    if (this.#fault !== undefined) return await this.#fault;
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

function optionsOf(
  api: Api,
  who: Pick<ElectionOptions, "clock" | "identity" | "signal">,
): ElectionOptions {
  const lease = { namespace: "kube-system", name: "portolan-controllers" };
  return { api, lease, random: () => 0, log: silentLogger, ...who };
}

function candidate(api: Api, clock: ManualClock, identity: string) {
  const end = new AbortController();
  let leads = false;
  const options = optionsOf(api, { clock, identity, signal: end.signal });
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

for (const fault of ["refuses", "does not answer"] as const) {
  test(`a leader whose server ${fault} stops before others may start`, async () => {
    const server = new LeaseServer();
    const clock = new ManualClock();
    const a = candidate(createApi(server, { clock }), clock, "a");
    await clock.advance(5_000);
    assert.equal(a.leads(), true);
    const fail = server.breakDown();
    if (fault === "refuses") fail(new Error("ECONNREFUSED"));
    const lost = assert.rejects(a.done, { code: "LEASE_LOST" });
    await clock.advance(14_000);
    assert.equal(a.leads(), false);
    await lost;
    fail(new Error("the test is over"));
  });
}

test("what the leader does may fail while the lease is being renewed", async () => {
  const server = new LeaseServer();
  const clock = new ManualClock();
  const work = Promise.withResolvers<void>();
  const end = new AbortController();
  const done = leadWhenElected(
    optionsOf(createApi(server, { clock }), { clock, identity: "a", signal: end.signal }),
    () => work.promise,
  );
  await clock.advance(100);
  const fail = server.breakDown();
  await clock.advance(2_500);
  const failed = assert.rejects(done, { message: "broken" });
  work.reject(new Error("broken"));
  await clock.advance(1);
  fail(new Error("ECONNRESET"));
  await clock.advance(1);
  await failed;
});
