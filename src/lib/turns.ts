/**
 * Lets work that holds the thread for long pass one piece at a time, and whatever else the process has to do (timers,
 * sockets, answers) in between: 200 pods that start at once would otherwise keep the API silent for ten seconds.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn, in the order of the calls; its piece of work follows without waiting. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#last;
  }
}
