import { closeSync } from "node:fs";
import process from "node:process";
import koffi, { type LibraryHandle } from "koffi";
import { PortolanError } from "../lib/errors.ts";
import { errnoName } from "./ffi.ts";

/** A program to start. It gets no environment, and of files only its standard streams. */
export interface SpawnOptions {
  /** Its path; nothing is searched. */
  readonly program: string;
  readonly args: readonly string[];
  /** Standard input, output and error output; `ignore` is `/dev/null`. */
  readonly stdio: readonly (number | "ignore")[];
  /**
   * Whether it begins a session: else `kill 0` in it, and in what it starts, is for this process, too, across PID
   * namespaces. Not for a program that calls setsid(2) itself, which a leader of a session cannot do.
   */
  readonly isSessionLeader: boolean;
}

/** A program that was started, with the directory, the namespaces and the root of the thread at that moment. */
export interface SpawnedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** Nothing happens after its end. */
  kill(signal: NodeJS.Signals): void;
}

/** How a program ended; `exitCode` is 128 + signal when a signal ended it, as shells count. */
export interface ProcessExit {
  readonly exitCode: number;
  readonly signal?: number;
}

// spawn.h of glibc, and room for its structures (80 and 336 bytes) and for a set of signals (128).
const POSIX_SPAWN_SETSIGDEF = 4;
const POSIX_SPAWN_SETSIGMASK = 8;
const POSIX_SPAWN_SETSID = 128;
const FILE_ACTIONS_BYTES = 256;
const ATTRIBUTES_BYTES = 512;
const SIGNAL_SET_BYTES = 128;

// linux/close_range.h, sys/wait.h, asm-generic/unistd.h
const CLOSE_RANGE_CLOEXEC = 4;
const FD_MAX = 0xffffffff;
const WNOHANG = 1;
const O_RDWR = 2;
const SYS_PIDFD_OPEN = 434;
const SYS_CLOSE_RANGE = 436;

type Call = (...args: unknown[]) => number;

interface Calls {
  readonly spawn: Call;
  readonly initActions: Call;
  readonly addOpen: Call;
  readonly addDup: Call;
  readonly destroyActions: Call;
  readonly waitpid: Call;
  readonly syscall: Call;
  readonly attributes: { readonly leader: Uint8Array; readonly member: Uint8Array };
}

let loaded: Calls | undefined;

function calls(): Calls {
  if (loaded !== undefined) return loaded;
  const library = koffi.load(null);
  loaded = {
    spawn: library.func(
      "int posix_spawn(void *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **envp)",
    ),
    initActions: library.func("int posix_spawn_file_actions_init(void *actions)"),
    addOpen: library.func(
      "int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)",
    ),
    addDup: library.func("int posix_spawn_file_actions_adddup2(void *actions, int fd, int to)"),
    destroyActions: library.func("int posix_spawn_file_actions_destroy(void *actions)"),
    waitpid: library.func("int waitpid(int pid, void *status, int options)"),
    syscall: library.func("long syscall(long number, ...)"),
    attributes: {
      leader: spawnAttributes(library, POSIX_SPAWN_SETSID),
      member: spawnAttributes(library, 0),
    },
  };
  return loaded;
}

/** No signal is blocked and none ignored: Node ignores SIGPIPE, and programs would inherit that. */
function spawnAttributes(library: LibraryHandle, moreFlags: number): Uint8Array {
  const attributes = Buffer.alloc(ATTRIBUTES_BYTES);
  library.func("int posix_spawnattr_init(void *attributes)")(attributes);
  const setFlags = library.func("int posix_spawnattr_setflags(void *attributes, short flags)");
  setFlags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | moreFlags);
  const set = (which: string, signals: Buffer) =>
    library.func(`int posix_spawnattr_set${which}(void *attributes, const void *signals)`)(
      attributes,
      signals,
    );
  set("sigmask", Buffer.alloc(SIGNAL_SET_BYTES));
  set("sigdefault", Buffer.alloc(SIGNAL_SET_BYTES, 0xff));
  return attributes;
}

/**
 * Starts a program as a child of this thread, in less than a millisecond: posix_spawn(3) lends the child this process's
 * memory until it is a program of its own, where fork(2), which Node uses, copies the page tables of a process that
 * serves a whole cluster (2 to 5 ms, and a page fault for each page that is written afterwards). Fails with the
 * errno's name as code, `E2BIG` when arguments are too long.
 */
export function spawnProgram(options: SpawnOptions): SpawnedProcess {
  const { spawn, attributes } = calls();
  const { program, args, isSessionLeader } = options;
  keepFilesFromChildren();
  const actions = fileActions(options.stdio);
  const into = Buffer.alloc(4);
  const how = isSessionLeader ? attributes.leader : attributes.member;
  const errno = spawn(into, program, actions, how, [program, ...args, null], [null]);
  calls().destroyActions(actions);
  if (errno !== 0) throw refused(`start "${program}"`, errno);
  return watched(into.readInt32LE());
}

function fileActions(stdio: SpawnOptions["stdio"]): Uint8Array {
  const { initActions, addOpen, addDup } = calls();
  const actions = Buffer.alloc(FILE_ACTIONS_BYTES);
  initActions(actions);
  for (const [to, from] of stdio.entries()) {
    if (from === "ignore") addOpen(actions, to, "/dev/null", O_RDWR, 0);
    else addDup(actions, from, to);
  }
  return actions;
}

/** Node opens its files closed on exec; libraries such as libnftables do not, nor does who started this process. */
function keepFilesFromChildren(): void {
  const range = ["unsigned int", 3, "unsigned int", FD_MAX, "int", CLOSE_RANGE_CLOEXEC];
  if (calls().syscall(SYS_CLOSE_RANGE, ...range) !== 0) throw refused("keep files from children");
}

function watched(pid: number): SpawnedProcess {
  const ended = Promise.withResolvers<ProcessExit>();
  let isOver = false;
  const end = (options: number) => {
    isOver = true;
    ended.resolve(reap(pid, options));
  };
  const pidfd = calls().syscall(SYS_PIDFD_OPEN, "int", pid, "unsigned int", 0);
  if (pidfd < 0) {
    const error = refused("watch a program");
    process.kill(pid, "SIGKILL");
    end(0);
    throw error;
  }
  // Readable once the process has ended (kernel 5.3); until it is reaped nobody else gets its number.
  const handle = koffi.node.poll(pidfd, { readable: true }, () => {
    handle.close();
    closeSync(pidfd);
    end(WNOHANG);
  });
  return {
    pid,
    exited: ended.promise,
    kill: (signal) => {
      if (!isOver) process.kill(pid, signal);
    },
  };
}

function reap(pid: number, options: number): ProcessExit {
  const into = Buffer.alloc(4);
  // Somebody who ignores SIGCHLD and started this process leaves the kernel nothing to tell.
  if (calls().waitpid(pid, into, options) !== pid) return { exitCode: 255 };
  const status = into.readInt32LE();
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: (status >> 8) & 0xff } : { exitCode: 128 + signal, signal };
}

function refused(what: string, errno = koffi.errno()): PortolanError {
  const code = errnoName(errno);
  return new PortolanError(code, `Cannot ${what}: the kernel refused it (${code})`);
}
