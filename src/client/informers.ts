import type { Resource } from "../api/resource.ts";
import type { KubeObject } from "../api/types.ts";
import type { Clock } from "../lib/clock.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Informer, Informers, ListScope } from "./api.ts";
import { createApi } from "./create-api.ts";
import { follow } from "./follow.ts";
import { InformerCache } from "./informer-cache.ts";
import { createListWatch } from "./list-watch.ts";
import type { Transport } from "./transport.ts";

export interface InformersOptions {
  /** Ends all informers. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

/** Informers that end with their signal, or when they are disposed of, which waits for what they had begun. */
export interface RunningInformers extends Informers, AsyncDisposable {}

/** Makes informers over a transport; those of equal kind and scope are one. Nothing runs before the first is asked for. */
export function createInformers(transport: Transport, options: InformersOptions): RunningInformers {
  const { clock, random, log } = options;
  const disposal = new AbortController();
  const signal = AbortSignal.any([options.signal, disposal.signal]);
  const api = createApi(transport, { clock });
  const caches = new Map<string, unknown>();
  const running = new Set<Promise<void>>();

  /** Follows one kind until the signal; each trouble and its end is said, so that an old cache is never silent. */
  async function run<T extends KubeObject>(
    resource: Resource<T>,
    scope: ListScope,
    cache: InformerCache<T>,
  ): Promise<void> {
    let failures = 0;
    const onError = (error: unknown, retryMs: number) => {
      failures++;
      log.warn("Lost the watch, will resume", {
        resource: resource.plural,
        failures,
        retryMs: Math.round(retryMs),
        reason: describeError(error),
      });
    };
    const source = createListWatch(transport, api, resource, scope);
    for await (const followed of follow(source, { signal, clock, random, onError })) {
      if (failures > 0) log.info("Resumed the watch", { resource: resource.plural, failures });
      failures = 0;
      cache.apply(followed);
    }
    cache.end();
  }

  function make<T extends KubeObject>(resource: Resource<T>, scope: ListScope): Informer<T> {
    const onSubscriberError = (error: unknown) =>
      log.error("A handler of changes failed", {
        resource: resource.plural,
        reason: describeError(error),
      });
    const cache = new InformerCache<T>(onSubscriberError);
    const task = run(resource, scope, cache).catch((error: unknown) => {
      log.error("An informer ended", { resource: resource.plural, reason: describeError(error) });
      cache.end();
    });
    running.add(task);
    return cache;
  }

  return {
    informer<T extends KubeObject>(resource: Resource<T>, scope: ListScope = {}): Informer<T> {
      const { namespace = "", labelSelector = "", fieldSelector = "" } = scope;
      const { group, version, plural } = resource;
      const key = [group, version, plural, namespace, labelSelector, fieldSelector].join("\n");
      const known = caches.get(key);
      // The key names the kind, and the kind its type; the compiler cannot know that of a map.
      if (known !== undefined) return known as Informer<T>;
      const made = make(resource, scope);
      caches.set(key, made);
      return made;
    },
    async [Symbol.asyncDispose]() {
      disposal.abort();
      await Promise.all(running);
    },
  };
}
