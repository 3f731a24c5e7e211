import { events } from "../api/resource.ts";
import { isNotFound } from "../api/status-error.ts";
import type { Event, KubeObject, ObjectReference } from "../api/types.ts";
import type { Clock } from "../lib/clock.ts";
import { formatTime } from "../lib/clock.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Api } from "./api.ts";
import { EventCorrelator } from "./event-correlator.ts";

/** What is worth telling a user about an object. */
export interface EventNote {
  readonly type: "Normal" | "Warning";
  /** One word for programs, such as `ScalingReplicaSet`. */
  readonly reason: string;
  readonly message: string;
  /** When it happened, in epoch milliseconds; when it is told if absent. */
  readonly atMs?: number;
}

/** Writes Events about objects. Telling is never waited for and never fails: an Event is a courtesy. */
export interface EventRecorder {
  record(object: KubeObject, note: EventNote, fieldPath?: string): void;
}

export interface EventRecorderOptions {
  readonly api: Api;
  /** `source.component`, such as `deployment-controller`. */
  readonly component: string;
  /** `source.host`, for parts of a node. */
  readonly host?: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Events that may wait for the server; what comes beyond is dropped, as the server is in trouble anyway. */
const WAITING_MAX = 1000;
/** A message as the API allows it. */
const MESSAGE_LENGTH_MAX = 1024;

/**
 * An event recorder: repeats become a count on the first event, floods are bundled and cut
 * (the limits are client-go's, see `EventCorrelator`).
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { api, component, host, clock, log, signal } = options;
  const correlator = new EventCorrelator();
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();

  async function write(note: EventNote, atMs: number, about: ObjectReference): Promise<void> {
    const verdict = correlator.correlate(component, about, note, atMs);
    if (verdict.type === "dropped") return;
    const time = formatTime(atMs);
    const namespace = about.namespace ?? "default";
    if (verdict.type === "repeated") {
      try {
        const body = { count: verdict.count, lastTimestamp: time, message: verdict.message };
        await api.patch(events, { namespace, name: verdict.name }, { type: "strategic", body });
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error; // It was forgotten after its hour: tell it anew.
      }
    }
    const event: Event = {
      metadata: { name: verdict.name, namespace },
      involvedObject: about,
      reason: note.reason,
      message: verdict.message,
      source: { component, ...(host === undefined ? {} : { host }) },
      firstTimestamp: time,
      lastTimestamp: time,
      count: verdict.count,
      type: note.type,
      reportingComponent: component,
      reportingInstance: host ?? "",
    };
    await api.create(events, event);
  }

  return {
    record(object: KubeObject, note: EventNote, fieldPath?: string): void {
      if (waiting >= WAITING_MAX || signal.aborted) return;
      waiting++;
      const about = referenceTo(object, fieldPath);
      const cut = { ...note, message: note.message.slice(0, MESSAGE_LENGTH_MAX) };
      // Not the time of the write, which waits for those before it.
      const { atMs = clock.now() } = note;
      last = last
        .then(() => write(cut, atMs, about))
        .catch((error: unknown) => {
          if (!signal.aborted) {
            log.debug("Could not write an event", {
              reason: note.reason,
              error: describeError(error),
            });
          }
        })
        .finally(() => waiting--);
    },
  };
}

function referenceTo(object: KubeObject, fieldPath?: string): ObjectReference {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}
