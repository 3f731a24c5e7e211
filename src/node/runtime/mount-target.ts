import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { MS_BIND, MS_RDONLY, MS_REC, mount } from "../../kernel/ffi.ts";
import { errorCode } from "../../lib/errors.ts";
import { RuntimeError } from "./runtime.ts";

/** As the kernel: more links in one path are a loop. */
const SYMLINKS_MAX = 40;

/** A path inside a root folder, as far as it exists there. */
interface Resolved {
  /** The part that exists, without symbolic links, seen from the root. */
  readonly existing: string;
  readonly missing: readonly string[];
}

/** Follows symbolic links as a process with this root would. */
export function resolveInRoot(root: string, path: string): Resolved {
  let pending = path.split("/").filter((part) => part !== "" && part !== ".");
  let existing: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const [part = "", ...rest] = pending;
    if (part === "..") {
      existing = existing.slice(0, -1);
      pending = rest;
      continue;
    }
    const here = join("/", ...existing, part);
    const link = linkTarget(`${root}${here}`);
    if (link === "missing") return { existing: join("/", ...existing), missing: pending };
    if (link === undefined) {
      existing = [...existing, part];
      pending = rest;
      continue;
    }
    if (++links > SYMLINKS_MAX) {
      throw new RuntimeError("CREATE_FAILED", `Cannot mount "${path}": too many symbolic links`);
    }
    if (link.startsWith("/")) existing = [];
    pending = [...link.split("/").filter((p) => p !== "" && p !== "."), ...rest];
  }
  return { existing: join("/", ...existing), missing: [] };
}

function linkTarget(path: string): string | undefined | "missing" {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return "missing";
    throw error;
  }
}

/** A mount point that is needed. */
export interface TargetOptions {
  readonly root: string;
  /** Where in the container, absolute. */
  readonly path: string;
  readonly kind: "file" | "folder";
  /** An empty folder on the host for what an overlay needs. Deleted with the pod. */
  readonly scratch: string;
}

/**
 * Sees to it that a mount point exists under `root`, which shows the host's files read-only, and returns its path
 * on the host. What is missing is made in memory, laid over the host's folder: the host itself never changes.
 */
export function ensureTarget({ root, path, kind, scratch }: TargetOptions): string {
  const { existing, missing } = resolveInRoot(root, path);
  const parent = `${root}${existing}`;
  if (missing.length === 0) {
    const isFolder = statSync(parent).isDirectory();
    if (isFolder === (kind === "folder")) return parent;
    throw new RuntimeError(
      "CREATE_FAILED",
      `Cannot mount a ${kind} at "${path}": there is a ${isFolder ? "folder" : "file"}`,
    );
  }
  if (!isChangeable(parent)) layOver(parent, { missing, kind, scratch });
  makePath(parent, missing, kind);
  return join(parent, ...missing);
}

/** Tried with a folder, since a test of rights says yes to root on a read-only file system too. */
function isChangeable(folder: string): boolean {
  const probe = join(folder, ".portolan-probe");
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return true;
  } catch (error) {
    if (errorCode(error) === "EROFS" || errorCode(error) === "EACCES") return false;
    throw error;
  }
}

function makePath(parent: string, missing: readonly string[], kind: "file" | "folder"): void {
  const folders = kind === "folder" ? missing : missing.slice(0, -1);
  mkdirSync(join(parent, ...folders), { recursive: true });
  if (kind === "folder") return;
  try {
    writeFileSync(join(parent, ...missing), "", { flag: "ax" });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

interface LayOver {
  readonly missing: readonly string[];
  readonly kind: "file" | "folder";
  readonly scratch: string;
}

/** A read-only overlay: what is missing above, the host's folder below. */
function layOver(folder: string, { missing, kind, scratch }: LayOver): void {
  makePath(scratch, missing, kind);
  try {
    const lower = [scratch, folder].map((layer) => layer.replace(/[\\:,]/g, "\\$&")).join(":");
    mount({
      source: "portolan",
      target: folder,
      type: "overlay",
      flags: MS_RDONLY,
      data: `lowerdir=${lower}`,
    });
  } catch {
    // No overlay in this kernel, or mounts below the folder that a user namespace may not look under.
    mirror(folder, join(scratch, ".original"));
  }
}

/** Stands in for an overlay: a new folder in memory, into which every entry of the old one is bound. */
function mirror(folder: string, original: string): void {
  mkdirSync(original, { recursive: true });
  mount({ source: folder, target: original, flags: MS_BIND | MS_REC });
  mount({ source: "portolan", target: folder, type: "tmpfs", data: "mode=755,size=1m" });
  for (const entry of readdirSync(original, { withFileTypes: true })) {
    const from = join(original, entry.name);
    const to = join(folder, entry.name);
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else if (entry.isDirectory()) {
      mkdirSync(to);
      mount({ source: from, target: to, flags: MS_BIND | MS_REC });
    } else if (entry.isFile()) {
      writeFileSync(to, "");
      mount({ source: from, target: to, flags: MS_BIND });
    }
  }
}
