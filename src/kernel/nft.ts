import koffi from "koffi";
import { PortolanError } from "../lib/errors.ts";
import type { NetworkNamespace } from "./network-namespace.ts";

type NftErrorCode =
  | "NFT_MISSING"
  | "NFT_NOT_PERMITTED"
  | "NFT_TOO_LARGE"
  | "NFT_REJECTED"
  | "NFT_CLOSED";

/** Why a ruleset was not applied; the kernel is as it was before. */
export class NftError extends PortolanError<NftErrorCode> {}

/** nft quotes the command that was refused, which may name a thousand elements. */
const REASON_LENGTH_MAX = 200;

/** The Debian package is libnftables1; Fedora and Alpine have it in nftables. */
const LIBRARY = "libnftables.so.1";

interface Library {
  readonly open: (flags: number) => unknown;
  readonly free: (context: unknown) => void;
  readonly bufferErrors: (context: unknown) => number;
  readonly bufferOutput: (context: unknown) => number;
  readonly run: (context: unknown, text: string) => number;
  readonly errors: (context: unknown) => string;
  readonly output: (context: unknown) => string;
}

let loaded: Library | undefined;

function library(): Library {
  if (loaded !== undefined) return loaded;
  try {
    const nft = koffi.load(LIBRARY);
    loaded = {
      open: nft.func("void *nft_ctx_new(uint32_t flags)"),
      free: nft.func("void nft_ctx_free(void *context)"),
      bufferErrors: nft.func("int nft_ctx_buffer_error(void *context)"),
      bufferOutput: nft.func("int nft_ctx_buffer_output(void *context)"),
      run: nft.func("int nft_run_cmd_from_buffer(void *context, const char *text)"),
      errors: nft.func("const char *nft_ctx_get_error_buffer(void *context)"),
      output: nft.func("const char *nft_ctx_get_output_buffer(void *context)"),
    };
    return loaded;
  } catch (cause) {
    throw new NftError(
      "NFT_MISSING",
      `Cannot load "${LIBRARY}": nftables 1.0.1 or later is needed (Debian: apt-get install libnftables1)`,
      { cause },
    );
  }
}

/** nft commands inside one network namespace, in this process: 0.1 ms where a child process takes 16. */
export class Nft implements Disposable {
  readonly #namespace: NetworkNamespace;
  #context: unknown;

  constructor(namespace: NetworkNamespace) {
    const { open, bufferErrors, bufferOutput } = library();
    this.#namespace = namespace;
    // The library makes its netlink socket here, and a socket stays in the namespace where it was made.
    const context = namespace.run(() => open(0));
    if (context === null || bufferErrors(context) + bufferOutput(context) !== 0) {
      throw new NftError("NFT_MISSING", `Cannot use "${LIBRARY}": it has no memory`);
    }
    this.#context = context;
  }

  /**
   * Runs commands as one transaction: all of them take effect, or none. Returns what they print.
   *
   * It blocks until the kernel is done: about 0.1 ms for a few elements, 25 ms for 300 Services.
   */
  run(text: string): string {
    const context = this.#context;
    if (context === undefined) {
      throw new NftError("NFT_CLOSED", "Cannot apply the nftables ruleset: it is closed");
    }
    const { run, errors, output } = library();
    if (this.#namespace.run(() => run(context, text)) === 0) return output(context);
    throw rejection(errors(context));
  }

  [Symbol.dispose](): void {
    if (this.#context === undefined) return;
    library().free(this.#context);
    this.#context = undefined;
  }
}

/** The library never calls setlocale(), so its messages are English whatever the locale. */
function rejection(message: string): NftError {
  if (message.includes("Operation not permitted")) {
    return new NftError(
      "NFT_NOT_PERMITTED",
      "Cannot apply the nftables ruleset: this process lacks CAP_NET_ADMIN",
    );
  }
  // Without root in the first user namespace the socket's buffer is limited (net.core.wmem_max).
  if (message.includes("Message too long") || message.includes("No buffer space available")) {
    return new NftError(
      "NFT_TOO_LARGE",
      "Cannot apply the nftables ruleset: the transaction is larger than the socket's buffer",
    );
  }
  const lines = message.trim().split("\n", 2).map(shortened);
  return new NftError("NFT_REJECTED", `Cannot apply the nftables ruleset: ${lines.join(" ")}`);
}

function shortened(line: string): string {
  return line.length <= REASON_LENGTH_MAX ? line : `${line.slice(0, REASON_LENGTH_MAX)}…`;
}
