import { closeSync, openSync } from "node:fs";
import { arch } from "node:os";
import process from "node:process";
import koffi from "koffi";
import { PortolanError } from "../lib/errors.ts";
import {
  CLONE_NEWNS,
  errnoName,
  MNT_DETACH,
  MS_PRIVATE,
  MS_REC,
  mount,
  setHostname,
  setns,
  umount,
  unshare,
} from "./ffi.ts";

// linux/sched.h
const CLONE_NEWUTS = 0x04000000;
const CLONE_NEWIPC = 0x08000000;
const CLONE_NEWPID = 0x20000000;

// linux/mount.h, linux/fcntl.h
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;

/** Attributes of a mount (`MOUNT_ATTR_…`). */
export const MOUNT_ATTRIBUTES = { readOnly: 1, noSuid: 2, noDev: 4 } as const;

/** Numbers of calls that older C libraries have no function for. */
const syscallNumbers: Readonly<Record<string, { readonly pivotRoot: number }>> = {
  x64: { pivotRoot: 155 },
  arm64: { pivotRoot: 41 },
};
const SYS_MOUNT_SETATTR = 442;

interface Calls {
  readonly pivotRoot: (newRoot: string, putOld: string) => number;
  readonly setMountAttributes: (path: string, flags: number, attributes: Uint8Array) => number;
  readonly pipe2: (fds: Uint8Array, flags: number) => number;
}

let loaded: Calls | undefined;

function calls(): Calls {
  if (loaded !== undefined) return loaded;
  const library = koffi.load(null);
  const syscall = library.func("long syscall(long number, ...)");
  const numbers = syscallNumbers[arch()];
  if (numbers === undefined) {
    throw new PortolanError(
      "UNKNOWN_ARCHITECTURE",
      `Cannot make namespaces for processes: the system call numbers of "${arch()}" are not known`,
    );
  }
  loaded = {
    pivotRoot: (newRoot, putOld) =>
      syscall(numbers.pivotRoot, "const char *", newRoot, "const char *", putOld),
    setMountAttributes: (path, flags, attributes) =>
      syscall(
        SYS_MOUNT_SETATTR,
        ...["int", AT_FDCWD],
        ...["const char *", path],
        ...["unsigned int", flags],
        ...["void *", attributes],
        ...["size_t", attributes.byteLength],
      ),
    pipe2: library.func("int pipe2(void *fds, int flags)"),
  };
  return loaded;
}

function check(what: string, result: number): void {
  if (result >= 0) return;
  const code = errnoName(koffi.errno());
  throw new PortolanError(code, `Cannot ${what}: the kernel refused it (${code})`);
}

/** A change of attributes. */
export interface MountAttributes {
  /** Sums of `MOUNT_ATTRIBUTES`. */
  readonly set?: number;
  readonly clear?: number;
  /** Also all mounts below. */
  readonly isRecursive?: boolean;
}

/** mount_setattr(2): changes attributes of a mount, of all mounts below it in the same step (kernel 5.12). */
export function setMountAttributes(path: string, options: MountAttributes): void {
  const attributes = Buffer.alloc(32);
  attributes.writeBigUInt64LE(BigInt(options.set ?? 0), 0);
  attributes.writeBigUInt64LE(BigInt(options.clear ?? 0), 8);
  const flags = options.isRecursive === true ? AT_RECURSIVE : 0;
  check(`change the mount "${path}"`, calls().setMountAttributes(path, flags, attributes));
}

/** Makes `newRoot`, a mount, the root of the calling thread's mount namespace, and takes the old one away. */
export function pivotRoot(newRoot: string): void {
  process.chdir(newRoot);
  // Stacks the old root on the new one, from where it can be detached (pivot_root(2), "pivot_root(".", ".")").
  check(`make "${newRoot}" the root`, calls().pivotRoot(".", "."));
  umount(".", MNT_DETACH);
  process.chdir("/");
}

/** The two ends of a pipe, closed on exec; the caller closes them. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** A real pipe: unlike the socket pairs that Node makes, a child may open it again as `/dev/stdout`. */
export function openPipe(): Pipe {
  const fds = Buffer.alloc(8);
  check("make a pipe", calls().pipe2(fds, O_CLOEXEC));
  return { read: fds.readInt32LE(0), write: fds.readInt32LE(4) };
}

/** UTS and IPC namespaces that several processes share, held by file descriptors. */
export interface SharedNamespaces extends Disposable {
  readonly uts: number;
  readonly ipc: number;
}

/** Makes a UTS namespace with this host name and an IPC namespace. */
export function createSharedNamespaces(hostname: string): SharedNamespaces {
  settle();
  const home = openHome();
  try {
    unshare(CLONE_NEWUTS | CLONE_NEWIPC);
    try {
      setHostname(hostname);
      const uts = openSync("/proc/thread-self/ns/uts", "r");
      const ipc = openSync("/proc/thread-self/ns/ipc", "r");
      const close = () => {
        closeSync(uts);
        closeSync(ipc);
      };
      return { uts, ipc, [Symbol.dispose]: close };
    } finally {
      returnTo(home.uts, CLONE_NEWUTS);
      returnTo(home.ipc, CLONE_NEWIPC);
    }
  } finally {
    closeHome(home);
  }
}

/**
 * Runs `action` with this thread in a mount namespace of its own, a private copy of the caller's. The first child
 * that `action` spawns is process 1 of a new PID namespace; with it everything in that namespace ends. The child
 * keeps all namespaces that the thread is in at that moment.
 *
 * Must be synchronous, to the last call: a thread that Node starts meanwhile (its pool's, at the first asynchronous
 * file access) can not be made, and Node aborts. File access by `…Sync` functions sees the new mounts. Aborts the process if the way
 * back fails, since all later work would be done in the wrong place.
 */
export function inProcessNamespaces<T>(shared: SharedNamespaces, action: () => T): T {
  const home = openHome();
  const cwd = openSync(".", O_PATH);
  let isInside = false;
  try {
    setns(shared.uts, CLONE_NEWUTS);
    isInside = true;
    setns(shared.ipc, CLONE_NEWIPC);
    unshare(CLONE_NEWNS | CLONE_NEWPID);
    mount({ target: "/", flags: MS_REC | MS_PRIVATE });
    return action();
  } finally {
    if (isInside) {
      returnTo(home.uts, CLONE_NEWUTS);
      returnTo(home.ipc, CLONE_NEWIPC);
      returnTo(home.pid, CLONE_NEWPID);
      returnTo(home.mnt, CLONE_NEWNS);
      // Entering a mount namespace leaves a thread in its root directory.
      process.chdir(`/proc/self/fd/${cwd}`);
    }
    closeSync(cwd);
    closeHome(home);
  }
}

let isSettled = false;

/**
 * Sees to it that this thread can come back to its own UTS and IPC namespaces. Inside a user namespace that was made
 * without them they belong to somebody with more rights, and leaving them is for ever: then it gets copies first.
 */
function settle(): void {
  if (isSettled) return;
  const home = openHome();
  try {
    setns(home.uts, CLONE_NEWUTS);
    setns(home.ipc, CLONE_NEWIPC);
  } catch {
    unshare(CLONE_NEWUTS | CLONE_NEWIPC);
  } finally {
    closeHome(home);
  }
  isSettled = true;
}

interface Home {
  readonly uts: number;
  readonly ipc: number;
  readonly pid: number;
  readonly mnt: number;
}

function openHome(): Home {
  const open = (kind: string) => openSync(`/proc/thread-self/ns/${kind}`, "r");
  return { uts: open("uts"), ipc: open("ipc"), pid: open("pid"), mnt: open("mnt") };
}

function closeHome(home: Home): void {
  for (const fd of Object.values(home)) closeSync(fd);
}

function returnTo(fd: number, kind: number): void {
  try {
    setns(fd, kind);
  } catch {
    process.abort();
  }
}
