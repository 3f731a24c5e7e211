import type { FieldError } from "../../api/field-error.ts";
import { StatusError } from "../../api/status-error.ts";

/** What one admission has taken, and what it will free, until that is decided. */
export class Held {
  #taken: (() => void)[] = [];
  #freed: (() => void)[] = [];

  /** `release` undoes what has just been taken. */
  took(release: () => void): void {
    this.#taken.push(release);
  }

  /** `release` gives back what the old object had and the new one has not. */
  freed(release: () => void): void {
    this.#freed.push(release);
  }

  /** The new object is stored. */
  keep(): void {
    this.#finish(this.#freed);
  }

  /** The new object is not stored. */
  giveBack(): void {
    this.#finish(this.#taken);
  }

  #finish(releases: readonly (() => void)[]): void {
    this.#taken = [];
    this.#freed = [];
    for (const release of releases) release();
  }
}

/** Leaves an allocation half way: the request asks for something that it cannot have. */
export class Refusal extends Error {
  readonly problem: FieldError;

  constructor(problem: FieldError) {
    super(problem.message);
    this.problem = problem;
  }
}

/** The 500 answer of Kubernetes where the request is right and the server has nothing to give. */
export function exhausted(cause: string): StatusError {
  return new StatusError(500, "InternalError", `Internal error occurred: ${cause}`, {
    causes: [{ message: cause }],
  });
}
