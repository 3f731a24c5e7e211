import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { PortolanError } from "../lib/errors.ts";
import { CLONE_NEWNET, MNT_DETACH, MS_BIND, mount, setns, umount, unshare } from "./ffi.ts";
import { hostSockets } from "./host-sockets.ts";
import { openLinks } from "./links.ts";
import { namespaceSockets } from "./namespace-sockets.ts";
import type { NetworkNamespace } from "./network-namespace.ts";

/** `/proc/self` is the process's first thread; a worker may live in another namespace. */
const OWN_NAMESPACE = "/proc/thread-self/ns/net";

/** The namespace where this thread was when it first asked, and where it is now (runs may nest). */
let home: number | undefined;
let current: number | undefined;

function homeFd(): number {
  home ??= openSync(OWN_NAMESPACE, "r");
  return home;
}

/**
 * Makes a network namespace with its loopback up, pinned at `dir/name` until it is disposed of.
 *
 * `name` is a file name of at most 255 bytes. Needs CAP_SYS_ADMIN in the user namespace, and a mount
 * namespace of one's own if the pin shall not show on the host. Fails with EEXIST if the file is there.
 */
export function createNetworkNamespace(name: string, dir: string): NetworkNamespace {
  const path = join(dir, name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(path, "", { flag: "wx", mode: 0o444 });
  try {
    const fd = openNewNamespace(() =>
      mount({ source: OWN_NAMESPACE, target: path, flags: MS_BIND }),
    );
    return withLoopback(namespaceAt({ name, path, fd, unpinned: () => unpin(path) }));
  } catch (error) {
    unpin(path);
    throw error;
  }
}

/** Makes a network namespace with its loopback up, that is there for as long as this process holds it or somebody is inside. */
export function createHeldNetworkNamespace(name: string): NetworkNamespace {
  const fd = openNewNamespace(() => {});
  const path = `/proc/${process.pid}/fd/${fd}`;
  return withLoopback(namespaceAt({ name, path, fd, unpinned: () => {} }));
}

/** The file of a new namespace; `inside` runs with the thread inside it, where its path is the thread's own. */
function openNewNamespace(inside: () => void): number {
  const back = current ?? homeFd();
  unshare(CLONE_NEWNET);
  try {
    inside();
    return openSync(OWN_NAMESPACE, "r");
  } finally {
    enter(back, "abort");
  }
}

function withLoopback(namespace: NetworkNamespace): NetworkNamespace {
  try {
    using links = openLinks(namespace);
    links.setUp("lo");
    return namespace;
  } catch (error) {
    void namespace[Symbol.asyncDispose]();
    throw error;
  }
}

/** Opens a namespace that somebody else keeps, by a path that `nsenter --net=` takes; disposing of it only closes it. */
export function openNetworkNamespace(path: string, name = path): NetworkNamespace {
  return namespaceAt({ name, path, fd: openSync(path, "r"), unpinned: () => {} });
}

/** The namespace that this process started in. Its sockets are Node's own. */
export function currentNetworkNamespace(name = "host"): NetworkNamespace {
  return {
    name,
    path: `/proc/${process.pid}/ns/net`,
    run: (action) => runInside(homeFd(), action),
    sockets: hostSockets,
    [Symbol.asyncDispose]: async () => {},
  };
}

interface OpenNamespace {
  readonly name: string;
  readonly path: string;
  readonly fd: number;
  /** Called when it has been disposed of. */
  readonly unpinned: () => void;
}

function namespaceAt({ name, path, fd: opened, unpinned }: OpenNamespace): NetworkNamespace {
  let fd: number | undefined = opened;
  const run = <T>(action: () => T): T => {
    if (fd === undefined) {
      throw new PortolanError(
        "NAMESPACE_CLOSED",
        `Cannot enter the network namespace "${name}": it is closed`,
      );
    }
    return runInside(fd, action);
  };
  return {
    name,
    path,
    run,
    sockets: namespaceSockets(run),
    [Symbol.asyncDispose]: async () => {
      if (fd === undefined) return;
      closeSync(fd);
      fd = undefined;
      unpinned();
    },
  };
}

function runInside<T>(fd: number, action: () => T): T {
  const back = current ?? homeFd();
  enter(fd);
  try {
    const result = action();
    assert(!(result instanceof Promise), "A namespace's run takes synchronous actions only");
    return result;
  } finally {
    enter(back, "abort");
  }
}

/** A thread that can not come back would do everybody's later work in the wrong network, so the process ends. */
function enter(fd: number, onFailure: "throw" | "abort" = "throw"): void {
  try {
    setns(fd, CLONE_NEWNET);
    current = fd;
  } catch (error) {
    if (onFailure === "throw") throw error;
    process.abort();
  }
}

function unpin(path: string): void {
  try {
    umount(path, MNT_DETACH);
  } catch {
    // It was never mounted: only the file is left.
  }
  rmSync(path, { force: true });
}
