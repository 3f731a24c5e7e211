import { mkdirSync } from "node:fs";
import { MS_NODEV, MS_NOEXEC, MS_NOSUID, mount } from "../kernel/ffi.ts";

/**
 * Mounts what belongs to this sandbox alone. The process must be in a mount namespace of its own, so that the host
 * sees none of it and the kernel takes it away with the last process.
 *
 * - `runtimeDir`: in memory, for namespaces, sockets and what else shall not outlive the sandbox.
 * - `/dev/pts`: terminals of its own; those of the host can not be opened from inside a user namespace.
 */
export function mountPrivate(runtimeDir: string): void {
  mkdirSync(runtimeDir, { recursive: true, mode: 0o700 });
  mount({
    source: "portolan",
    target: runtimeDir,
    type: "tmpfs",
    flags: MS_NOSUID | MS_NODEV,
    data: "mode=0755",
  });
  mount({
    source: "devpts",
    target: "/dev/pts",
    type: "devpts",
    flags: MS_NOSUID | MS_NOEXEC,
    data: "newinstance,ptmxmode=0666,mode=0620",
  });
}
