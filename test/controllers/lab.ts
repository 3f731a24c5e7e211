import { setTimeout as sleep } from "node:timers/promises";
import type { Api, Informers } from "../../src/client/api.ts";
import { createApi } from "../../src/client/create-api.ts";
import { createInformers } from "../../src/client/informers.ts";
import type { Transport } from "../../src/client/transport.ts";
import type { ControllerOptions } from "../../src/controllers/run.ts";
import { runControllers } from "../../src/controllers/run.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLogger, type LogLevel } from "../../src/lib/log.ts";
import { startLab } from "../apiserver/lab.ts";

/** A real API server with controllers on it, both in this process. */
export interface ControllerLab extends AsyncDisposable {
  /** The administrator's. */
  readonly api: Api;
  readonly informers: Informers;
  /** Ends the controllers; with `start` they come back on what is stored. */
  stop(): Promise<void>;
  start(): void;
}

/** Controllers run with the rights that they have in a cluster, and no more. */
const MANAGER = { user: "system:kube-controller-manager", groups: [] };
const ADMIN = { user: "admin", groups: ["system:masters"] };

export async function startControllers(
  options: ControllerOptions,
  clock: Clock = systemClock,
): Promise<ControllerLab> {
  const lab = await startLab({ serviceCidrs: ["10.0.0.0/16", "fd00:10:96::/112"] });
  const transport = (caller: typeof ADMIN | typeof MANAGER): Transport => ({
    request: (request, signal) => lab.server.handle(request, caller, signal),
    [Symbol.asyncDispose]: async () => {},
  });
  const level: LogLevel = process.env["PORTOLAN_TEST_LOG"] === "debug" ? "debug" : "error";
  const write = (line: string) => process.stderr.write(line);
  const log = createLogger({ room: "controllers", level, write, now: Date.now });
  const common = { clock, random: Math.random, log };
  const end = new AbortController();
  const informers = createInformers(transport(ADMIN), { ...common, signal: end.signal });
  let running: { readonly end: AbortController; readonly done: Promise<void> } | undefined;

  const start = () => {
    const own = new AbortController();
    const { signal } = own;
    const ownInformers = createInformers(transport(MANAGER), { ...common, signal });
    const api = createApi(transport(MANAGER));
    const done = runControllers({ api, informers: ownInformers, ...common, signal, options }).then(
      () => ownInformers[Symbol.asyncDispose](),
    );
    running = { end: own, done };
  };
  const stop = async () => {
    running?.end.abort();
    await running?.done;
    running = undefined;
  };
  start();
  return {
    api: createApi(transport(ADMIN)),
    informers,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      end.abort();
      await informers[Symbol.asyncDispose]();
      await lab[Symbol.asyncDispose]();
    },
  };
}

/** How long a loaded machine may take: no test is about that. */
const PATIENCE_MS = 60_000;

/** Tries a check until it holds; its last failure is thrown when the time is up. */
export async function eventually<T>(check: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= endMs) throw error;
      await sleep(15);
    }
  }
}
