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

/** One kind in one scope, and the way to end with it. */
interface Following {
  readonly resource: Resource;
  readonly cache: unknown;
  readonly end: AbortController;
}

/** Makes informers over a transport; those of equal kind and scope are one. Nothing runs before the first is asked for. */
export function createInformers(transport: Transport, options: InformersOptions): RunningInformers {
  const { clock, random, log } = options;
  const disposal = new AbortController();
  const signal = AbortSignal.any([options.signal, disposal.signal]);
  const api = createApi(transport, { clock });
  const caches = new Map<string, Following>();
  const running = new Set<Promise<void>>();

  /** Follows one kind until the signal; each trouble and its end is said, so that an old cache is never silent. */
  async function run<T extends KubeObject>(
    resource: Resource<T>,
    scope: ListScope,
    cache: InformerCache<T>,
    end: AbortSignal,
  ): Promise<void> {
    const ownSignal = AbortSignal.any([signal, end]);
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
    for await (const followed of follow(source, {
      signal: ownSignal,
      clock,
      random,
      onError,
    })) {
      if (failures > 0) log.info("Resumed the watch", { resource: resource.plural, failures });
      failures = 0;
      cache.apply(followed);
    }
    cache.end();
  }

  function make<T extends KubeObject>(resource: Resource<T>, scope: ListScope): Following {
    const onSubscriberError = (error: unknown) =>
      log.error("A handler of changes failed", {
        resource: resource.plural,
        reason: describeError(error),
      });
    const cache = new InformerCache<T>(onSubscriberError);
    const end = new AbortController();
    const task = run(resource, scope, cache, end.signal)
      .catch((error: unknown) => {
        log.error("An informer ended", { resource: resource.plural, reason: describeError(error) });
        cache.end();
      })
      .finally(() => running.delete(task));
    running.add(task);
    return { resource, cache, end };
  }

  return {
    informer<T extends KubeObject>(resource: Resource<T>, scope: ListScope = {}): Informer<T> {
      const { namespace = "", labelSelector = "", fieldSelector = "" } = scope;
      const { group, version, plural } = resource;
      const key = [group, version, plural, namespace, labelSelector, fieldSelector].join("\n");
      const known = caches.get(key);
      // The key names the kind, and the kind its type; the compiler cannot know that of a map.
      const followed = known ?? make(resource, scope);
      caches.set(key, followed);
      return followed.cache as Informer<T>;
    },
    abandon({ group, version, plural }: Resource): void {
      for (const [key, { resource, end }] of caches) {
        const isOfKind = resource.group === group && resource.plural === plural;
        if (!isOfKind || resource.version !== version) continue;
        caches.delete(key);
        end.abort();
      }
    },
    async [Symbol.asyncDispose]() {
      disposal.abort();
      await Promise.all(running);
    },
  };
}
