import { constants, type } from "node:os";
import { getSystemErrorMessage } from "node:util";
import koffi, { type KoffiFunc } from "koffi";
import { PortolanError } from "../lib/errors.ts";

/** A system call failed; `code` is the errno's name, such as `EPERM`. */
export class SystemCallError extends PortolanError {
  /** The call that failed, such as `setns`. */
  readonly syscall: string;

  constructor(options: { readonly syscall: string; readonly errno: number; readonly on: string }) {
    const { syscall, errno, on } = options;
    const code = errnoName(errno);
    super(code, `Cannot ${syscall} "${on}": ${getSystemErrorMessage(-errno)} (${code})`);
    this.syscall = syscall;
  }
}

const names = new Map(Object.entries(constants.errno).map(([name, errno]) => [errno, name]));

/** The name of an errno, such as `ENOENT` for 2; a number that has none becomes `E117`. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `E${errno}`;
}

/** `linux/sched.h`. */
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWNET = 0x40000000;

/** `linux/mount.h`. */
export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_BIND = 4096;
export const MS_REC = 16384;
export const MS_PRIVATE = 1 << 18;
export const MNT_DETACH = 2;

/** `linux/socket.h`, `asm-generic/socket.h`, `linux/in6.h`. */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
const SO_ERROR = 4;
export const SO_RCVBUFFORCE = 33;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const SOL_NETLINK = 270;
export const MSG_DONTWAIT = 0x40;

interface Libc {
  readonly setns: (fd: number, kind: number) => number;
  readonly unshare: (flags: number) => number;
  readonly mount: (
    source: string | null,
    target: string,
    kind: string | null,
    flags: number,
    data: string | null,
  ) => number;
  readonly umount2: (target: string, flags: number) => number;
  readonly sethostname: (name: string, bytes: number) => number;
  readonly socket: (family: number, kind: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, bytes: number) => number;
  readonly connect: (fd: number, address: Uint8Array, bytes: number) => number;
  readonly listen: (fd: number, backlog: number) => number;
  readonly send: KoffiFunc<(fd: number, data: Uint8Array, bytes: number, flags: number) => number>;
  readonly recv: (fd: number, into: Uint8Array, bytes: number, flags: number) => number;
  readonly setsockopt: (
    fd: number,
    level: number,
    option: number,
    value: Uint8Array,
    bytes: number,
  ) => number;
  readonly getsockopt: (
    fd: number,
    level: number,
    option: number,
    into: Uint8Array,
    bytes: Uint8Array,
  ) => number;
  readonly ioctl: (fd: number, request: number, value: Uint8Array) => number;
}

let loaded: Libc | undefined;

/** The C library that Node itself is linked with. Opened on first use: other systems may import this file. */
function libc(): Libc {
  if (loaded !== undefined) return loaded;
  if (type() !== "Linux") {
    throw new PortolanError(
      "NOT_LINUX",
      `Cannot use the kernel's network: this is ${type()}, Linux is needed`,
    );
  }
  const library = koffi.load(null);
  loaded = {
    setns: library.func("int setns(int fd, int kind)"),
    unshare: library.func("int unshare(int flags)"),
    mount: library.func(
      "int mount(const char *source, const char *target, const char *kind, unsigned long flags, const char *data)",
    ),
    umount2: library.func("int umount2(const char *target, int flags)"),
    sethostname: library.func("int sethostname(const char *name, size_t bytes)"),
    socket: library.func("int socket(int family, int kind, int protocol)"),
    bind: library.func("int bind(int fd, const void *address, uint32_t bytes)"),
    connect: library.func("int connect(int fd, const void *address, uint32_t bytes)"),
    listen: library.func("int listen(int fd, int backlog)"),
    send: library.func("intptr_t send(int fd, const void *data, size_t bytes, int flags)"),
    recv: library.func("intptr_t recv(int fd, void *into, size_t bytes, int flags)"),
    setsockopt: library.func(
      "int setsockopt(int fd, int level, int option, const void *value, uint32_t bytes)",
    ),
    getsockopt: library.func(
      "int getsockopt(int fd, int level, int option, void *into, void *bytes)",
    ),
    ioctl: library.func("int ioctl(int fd, unsigned long request, void *value)"),
  };
  return loaded;
}

/** Returns the result of a system call, or throws the errno it left. `on` says what it was done to. */
function checked(syscall: string, on: string | number, result: number): number {
  if (result >= 0) return result;
  throw new SystemCallError({ syscall, errno: koffi.errno(), on: String(on) });
}

/** Moves the calling thread into the namespace behind `fd`. */
export function setns(fd: number, kind: number): void {
  checked("setns", fd, libc().setns(fd, kind));
}

/** Gives the calling thread new namespaces (`CLONE_NEW…`). */
export function unshare(flags: number): void {
  checked("unshare", `0x${flags.toString(16)}`, libc().unshare(flags));
}

export interface MountOptions {
  /** What to mount: a device, a path to bind, or any word for a file system without a source. */
  readonly source?: string;
  readonly target: string;
  /** File system type; absent for a bind mount and for a change of propagation. */
  readonly type?: string;
  /** `MS_…` flags. */
  readonly flags?: number;
  /** File system options, such as `mode=755`. */
  readonly data?: string;
}

/** mount(2), in the mount namespace of this process. */
export function mount(options: MountOptions): void {
  const { source = null, target, type: kind = null, flags = 0, data = null } = options;
  checked("mount", target, libc().mount(source, target, kind, flags, data));
}

/** Takes a mount away; with `MNT_DETACH` at once, even while it is in use. */
export function umount(target: string, flags = 0): void {
  checked("umount", target, libc().umount2(target, flags));
}

/** Names the UTS namespace of this process; at most 64 bytes. */
export function setHostname(name: string): void {
  checked("sethostname", name, libc().sethostname(name, Buffer.byteLength(name)));
}

/** A new socket of the calling thread's network namespace, closed on exec. The caller closes it. */
export function socket(family: number, kind: number, protocol = 0): number {
  const on = `family ${family}, type ${kind}, protocol ${protocol}`;
  return checked("socket", on, libc().socket(family, kind | SOCK_CLOEXEC, protocol));
}

/** bind(2) to a `sockaddr`; `on` is what an error calls it. */
export function bind(fd: number, address: Uint8Array, on: string): void {
  checked("bind", on, libc().bind(fd, address, address.byteLength));
}

/** Starts a connection to a `sockaddr`: true if it stands already, false if it is under way. */
export function connect(fd: number, address: Uint8Array, on: string): boolean {
  if (libc().connect(fd, address, address.byteLength) === 0) return true;
  const errno = koffi.errno();
  if (errno === constants.errno.EINPROGRESS) return false;
  throw new SystemCallError({ syscall: "connect", errno, on });
}

/** listen(2); the kernel caps the backlog at `net.core.somaxconn`. */
export function listen(fd: number, backlog: number, on: string): void {
  checked("listen", on, libc().listen(fd, backlog));
}

/** Sends one datagram or message; the number of bytes that went. */
export function send(fd: number, data: Uint8Array, flags = 0): number {
  return checked("send", fd, libc().send(fd, data, data.byteLength, flags));
}

/** Arguments of calls that run on other threads: koffi hands on where they are, and nobody else holds them. */
const inUse = new Set<Uint8Array>();

/** The same on a thread of Node's pool, for what keeps the kernel busy. Not for a thread that is in other namespaces. */
export function sendInBackground(fd: number, data: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  libc().send.async(fd, data, data.byteLength, 0, (error: Error | null, sent: number) => {
    // Koffi has put the errno of the other thread in this one's place.
    const errno = koffi.errno();
    inUse.delete(data);
    if (error !== null) reject(error);
    else if (sent < 0) reject(new SystemCallError({ syscall: "send", errno, on: String(fd) }));
    else resolve(sent);
  });
  inUse.add(data);
  return promise;
}

/** Receives into `into`: the number of bytes, or undefined when there are none (with `MSG_DONTWAIT`). */
export function receive(fd: number, into: Uint8Array, flags = 0): number | undefined {
  const bytes = libc().recv(fd, into, into.byteLength, flags);
  if (bytes >= 0) return bytes;
  const errno = koffi.errno();
  if (errno === constants.errno.EAGAIN) return undefined;
  throw new SystemCallError({ syscall: "recv", errno, on: String(fd) });
}

/** Sets a socket option whose value is an `int`. */
export function setSocketOption(fd: number, level: number, option: number, value: number): void {
  const bytes = int32(value);
  checked(
    "setsockopt",
    `${level}/${option}`,
    libc().setsockopt(fd, level, option, bytes, bytes.length),
  );
}

/** The errno that an asynchronous connect left on a socket: 0 when it succeeded. Reading it clears it. */
export function takeSocketError(fd: number): number {
  const value = int32(0);
  checked("getsockopt", fd, libc().getsockopt(fd, SOL_SOCKET, SO_ERROR, value, int32(4)));
  return value.readInt32LE();
}

/** ioctl(2) whose argument is a structure in `value`, which it may change. */
export function ioctl(fd: number, request: number, value: Uint8Array): void {
  checked("ioctl", `0x${request.toString(16)}`, libc().ioctl(fd, request, value));
}

/** Calls back once when the socket can be written to, or broke. Call the result to stop waiting. */
export function onWritable(fd: number, callback: () => void): () => void {
  const handle = koffi.node.poll(fd, { writable: true }, () => {
    handle.close();
    callback();
  });
  return () => handle.close();
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
