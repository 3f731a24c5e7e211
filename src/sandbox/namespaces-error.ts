import { readFileSync } from "node:fs";
import process from "node:process";
import { SandboxError } from "./sandbox-error.ts";

/** Settings by which a kernel keeps ordinary users from making namespaces, and the value that lets them. */
const gates: readonly {
  readonly path: string;
  readonly closes: (value: number) => boolean;
  readonly why: string;
  readonly remedy: string;
}[] = [
  {
    path: "/proc/sys/kernel/unprivileged_userns_clone",
    closes: (value) => value === 0,
    why: "this kernel keeps user namespaces to root",
    remedy: "sudo sysctl -w kernel.unprivileged_userns_clone=1",
  },
  {
    path: "/proc/sys/user/max_user_namespaces",
    closes: (value) => value === 0,
    why: "this machine allows no user namespaces",
    remedy: "sudo sysctl -w user.max_user_namespaces=10000",
  },
  {
    path: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    closes: (value) => value === 1,
    why: "AppArmor keeps user namespaces from this program",
    remedy: "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
  },
];

/** Explains what `unshare` complained about in a log; undefined if it did not complain. */
export function namespacesError(log: string): SandboxError | undefined {
  // unshare(1) writes "unshare: <what> failed: <why>", in English unless the locale has a translation.
  // When its child was killed, it ends by the same signal, which it (util-linux 2.38) fails to unblock: no refusal.
  const complaint = /^unshare: (?!sigprocmask unblock failed)(.*)$/m.exec(log)?.[1];
  if (complaint === undefined) return undefined;
  const closed = process.getuid?.() === 0 ? undefined : gates.find(isClosed);
  return new SandboxError(
    "NAMESPACES_REFUSED",
    `Cannot make the sandbox's namespaces: ${closed?.why ?? complaint}`,
    {
      remedy: `${closed?.remedy ?? "unshare --user --map-root-user --net --mount true"}, or run portolan as root`,
    },
  );
}

function isClosed({ path, closes }: (typeof gates)[number]): boolean {
  try {
    return closes(Number(readFileSync(path, "utf8")));
  } catch {
    return false;
  }
}
