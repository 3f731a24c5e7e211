import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/**
 * What no pod has any business with, of the files that its user may read: pods see the host's files read-only, and
 * under root that would be all of them. A path that does not exist is left out where it is used.
 */
export function hostSecrets(env: NodeJS.ProcessEnv = process.env): string[] {
  const home = env["HOME"] ?? homedir();
  const state = env["XDG_STATE_HOME"] ?? join(home, ".local/state");
  return [
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssh",
    "/etc/ssl/private",
    // Sandboxes of this user, with the keys of their clusters.
    join(state, "portolan"),
    ...[
      ".aws",
      ".azure",
      ".config/gcloud",
      ".docker",
      ".gnupg",
      ".kube",
      ".netrc",
      ".npmrc",
      ".ssh",
    ].map((name) => join(home, name)),
  ];
}
