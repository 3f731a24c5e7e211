import { Worker } from "node:worker_threads";
import { StorageError } from "../storage.ts";
import type { CallName, Calls } from "./messages.ts";

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Calls into the thread that owns the database. They are carried out in the order in which they are made. */
export class WorkerCalls {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #fault: StorageError | undefined;

  constructor() {
    const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    // Options of the main thread, such as --input-type, need not suit a worker.
    const execArgv = ["--disable-warning=ExperimentalWarning"];
    this.#worker = new Worker(new URL(file, import.meta.url), { execArgv });
    this.#worker.on("message", (message) => {
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.error === undefined) pending?.resolve(message.answer);
      else pending?.reject(new StorageError(message.error.code, message.error.message));
    });
    this.#worker.on("error", (cause) => {
      this.#fail(
        new StorageError("STORAGE_FAILED", "Cannot use the database: its thread died", { cause }),
      );
    });
    this.#worker.on("exit", () => {
      this.#fail(new StorageError("STORAGE_CLOSED", "Cannot use the database: it is closed"));
    });
  }

  call<N extends CallName>(name: N, request: Calls[N]["request"]): Promise<Calls[N]["answer"]> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    const id = ++this.#lastId;
    return new Promise<Calls[N]["answer"]>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, request });
    });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(fault: StorageError): void {
    this.#fault ??= fault;
    for (const { reject } of this.#pending.values()) reject(this.#fault);
    this.#pending.clear();
  }
}
