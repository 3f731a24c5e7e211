import type { Output } from "./terminal.ts";

/** One line that says what is going on: rewritten in place on a terminal, a line each elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #isTerminal: boolean;
  #isShown = false;

  constructor(output: Output, isTerminal: boolean) {
    this.#output = output;
    this.#isTerminal = isTerminal;
  }

  say(text: string): void {
    this.#output.stderr(this.#isTerminal ? `\r\u001b[2K… ${text}` : `… ${text}\n`);
    this.#isShown = this.#isTerminal;
  }

  /** Takes the line away, so that the next output starts on a clean one. */
  clear(): void {
    if (this.#isShown) this.#output.stderr("\r\u001b[2K");
    this.#isShown = false;
  }
}
