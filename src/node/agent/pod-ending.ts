import type { Clock } from "../../lib/clock.ts";
import { Deadline } from "../lifecycle/deadline.ts";
import { isSidecar } from "../pod-types.ts";
import type { ContainerSlot } from "./container-slot.ts";

/** The containers to end, and how one is ended. */
export interface PodEndingOptions {
  readonly clock: Clock;
  readonly slots: readonly ContainerSlot[];
  /** Resolves once the container has ended. */
  readonly stop: (slot: ContainerSlot, deadline: Deadline) => Promise<void>;
  /** All of them have ended. */
  readonly onOver: () => void;
}

/** The end of all containers of a pod. It comes once, by a deadline that may only come nearer. */
export class PodEnding {
  readonly #options: PodEndingOptions;
  #deadline: Deadline | undefined;
  #isOver = false;

  constructor(options: PodEndingOptions) {
    this.#options = options;
  }

  get hasBegun(): boolean {
    return this.#deadline !== undefined;
  }

  /** Whether nothing of the pod runs any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends all containers within `graceMs`; shortens the time if that has begun already. */
  begin(graceMs: number): void {
    if (this.#deadline !== undefined) {
      this.#deadline.shorten(graceMs);
      return;
    }
    this.#deadline = new Deadline(this.#options.clock, graceMs);
    void this.#stopAll(this.#deadline).then(() => {
      this.#isOver = true;
      this.#options.onOver();
    });
  }

  /** Ordinary containers all at once; then sidecars one by one, the last started first (KEP-753). */
  async #stopAll(deadline: Deadline): Promise<void> {
    const { slots, stop } = this.#options;
    const isLate = (slot: ContainerSlot) => slot.isInit && isSidecar(slot.spec);
    await Promise.all(slots.filter((slot) => !isLate(slot)).map((slot) => stop(slot, deadline)));
    for (const slot of slots.filter(isLate).toReversed()) await stop(slot, deadline);
  }
}
