import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_REC,
  mount,
} from "../../kernel/ffi.ts";
import { MOUNT_ATTRIBUTES, pivotRoot, setMountAttributes } from "../../kernel/processes.ts";
import { errorCode } from "../../lib/errors.ts";
import { ensureTarget, resolveInRoot } from "./mount-target.ts";
import { type ContainerMount, RuntimeError } from "./runtime.ts";

/** Where a container is that says nothing of its working folder; in memory, its own. */
export const WORKING_DIR = "/run/work";

/** What a container shall see as its root. */
export interface RootOptions {
  /** An empty folder of the host, where the new root is put together. */
  readonly staging: string;
  /** An empty folder of the host that is deleted with the pod. */
  readonly scratch: string;
  /** Paths of the host that pods must not see, such as the cluster's keys. */
  readonly hiddenPaths: readonly string[];
  /** Programs of the host that set containers up with all rights: nothing may be mounted over them. */
  readonly tools: readonly string[];
  readonly mounts: readonly ContainerMount[];
  /** Made, private and in memory, if nothing of that name is there. */
  readonly workingDir: string;
}

/** Folders in memory that every container has for itself, with the limits of their size. */
const privateFolders = [
  { path: "/run", data: "mode=755,size=64m" },
  { path: "/tmp", data: "mode=1777,size=512m" },
  { path: "/var/tmp", data: "mode=1777,size=64m" },
] as const;

/** The devices that programs expect; all others of the host stay out of reach. */
const devices = ["null", "zero", "full", "random", "urandom", "tty"];

const deviceLinks = {
  fd: "/proc/self/fd",
  stdin: "/proc/self/fd/0",
  stdout: "/proc/self/fd/1",
  stderr: "/proc/self/fd/2",
  ptmx: "pts/ptmx",
};

/**
 * Gives the calling thread's mount namespace a container's root: the host's files, read-only and without devices,
 * with private folders, and the mounts asked for. Only for `inProcessNamespaces`.
 *
 * ```
 *  staging (tmpfs) ─ bin → usr/bin, usr (host, read-only), etc (host, read-only), …
 *                  ├ run, tmp, var/tmp, dev, dev/shm   (tmpfs, private)
 *                  ├ proc (host's, until the container's own is mounted over it)
 *                  └ mounts: volumes, /etc/hosts, /etc/resolv.conf, …
 * ```
 */
export function enterContainerRoot(options: RootOptions): void {
  const { staging: root, hiddenPaths, mounts } = options;
  mount({ source: "portolan", target: root, type: "tmpfs", data: "mode=755,size=1m" });
  showHost(root);
  const { readOnly, noSuid, noDev } = MOUNT_ATTRIBUTES;
  setMountAttributes(root, { set: readOnly | noSuid | noDev, isRecursive: true });
  setMountAttributes(root, { clear: readOnly });

  for (const path of hiddenPaths) hide(root, path);
  for (const { path, data } of privateFolders) {
    if (existsSync(`${root}${path}`)) mountMemory(`${root}${path}`, data);
  }
  mkdirSync(`${root}${WORKING_DIR}`, { recursive: true });
  makeDevices(root);
  const shallowFirst = mounts.toSorted((a, b) => a.target.length - b.target.length);
  for (const [index, item] of shallowFirst.entries()) addMount(item, index, options);

  makeWorkingDir(options);
  setMountAttributes(root, { set: readOnly });
  pivotRoot(root);
}

function showHost(root: string): void {
  const own = new Set(["dev", "run", "tmp"]);
  for (const entry of readdirSync("/", { withFileTypes: true })) {
    const target = join(root, entry.name);
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(`/${entry.name}`), target);
    if (!entry.isDirectory()) continue;
    mkdirSync(target);
    if (own.has(entry.name)) continue;
    mount({ source: `/${entry.name}`, target, flags: MS_BIND | MS_REC });
  }
  for (const name of own) mkdirSync(join(root, name), { recursive: true });
}

function hide(root: string, path: string): void {
  const existing = reachable(root, path);
  if (existing === undefined) return;
  if (!statSync(`${root}${existing}`).isDirectory()) {
    mount({ source: "/dev/null", target: `${root}${existing}`, flags: MS_BIND });
    return;
  }
  mount({
    source: "portolan",
    target: `${root}${existing}`,
    type: "tmpfs",
    flags: MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
    data: "mode=555,size=4k",
  });
}

/** Undefined for what is not there, or out of this process's reach, and so out of the reach of its pods. */
function reachable(root: string, path: string): string | undefined {
  try {
    const { existing, missing } = resolveInRoot(root, path);
    return missing.length === 0 ? existing : undefined;
  } catch (error) {
    if (errorCode(error) === "EACCES") return undefined;
    throw error;
  }
}

function mountMemory(target: string, data: string): void {
  mount({ source: "portolan", target, type: "tmpfs", flags: MS_NOSUID | MS_NODEV, data });
}

function makeDevices(root: string): void {
  const dev = `${root}/dev`;
  mountMemory(dev, "mode=755,size=64k");
  for (const name of devices) {
    const target = `${dev}/${name}`;
    writeFileSync(target, "");
    mount({ source: `/dev/${name}`, target, flags: MS_BIND });
  }
  for (const [name, target] of Object.entries(deviceLinks)) symlinkSync(target, `${dev}/${name}`);
  for (const name of ["pts", "shm"]) mkdirSync(`${dev}/${name}`);
  mountMemory(`${dev}/shm`, "mode=1777,size=64m");
  mount({
    source: "devpts",
    target: `${dev}/pts`,
    type: "devpts",
    flags: MS_NOSUID | MS_NOEXEC,
    data: "newinstance,ptmxmode=0666,mode=620",
  });
}

function makeWorkingDir({ staging: root, scratch, workingDir: path }: RootOptions): void {
  if (resolveInRoot(root, path).missing.length === 0) return;
  const own = join(scratch, "working-dir");
  mountMemory(ensureTarget({ root, path, kind: "folder", scratch: own }), "mode=755,size=64m");
}

function addMount(item: ContainerMount, index: number, options: RootOptions): void {
  const { staging: root, scratch, tools } = options;
  const { source, target: path, isReadOnly } = item;
  const isFolder = source === undefined || statSync(source).isDirectory();
  const own = join(scratch, String(index));
  const kind = isFolder ? "folder" : "file";
  const target = ensureTarget({ root, path, kind, scratch: own });
  const inside = target.slice(root.length) || "/";
  if (isGuarded(inside, tools)) {
    throw new RuntimeError(
      "CREATE_FAILED",
      `Cannot mount a volume at "${path}": the system's own programs and file systems lie there`,
    );
  }
  if (source === undefined) {
    mountMemory(target, "mode=777,size=64m");
    return;
  }
  mount({ source, target, flags: MS_BIND });
  const { readOnly, noSuid, noDev } = MOUNT_ATTRIBUTES;
  setMountAttributes(target, { set: noSuid | noDev | (isReadOnly ? readOnly : 0) });
}

/** The tools run with all rights inside this root, so neither they nor what they load may be exchanged. */
function isGuarded(path: string, tools: readonly string[]): boolean {
  if (/^\/(proc|sys|dev|usr\/lib|lib)[^/]*(\/|$)/.test(path)) {
    return !path.startsWith("/dev/shm") && !/^\/dev\/[\w.-]+$/.test(path);
  }
  if (path === "/etc" || path.startsWith("/etc/ld.so")) return true;
  return tools.some((tool) => tool === path || tool.startsWith(path === "/" ? path : `${path}/`));
}
