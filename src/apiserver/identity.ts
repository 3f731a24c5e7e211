/** Who calls, as the client certificate says: CN is the user, each O a group. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

/** The caller without a certificate. */
export const anonymous: Identity = {
  user: "system:anonymous",
  groups: ["system:unauthenticated"],
};

/** An authenticated caller; Kubernetes puts each of them into one more group. */
export function authenticated(user: string, groups: readonly string[]): Identity {
  return { user, groups: [...new Set([...groups, "system:authenticated"])] };
}
