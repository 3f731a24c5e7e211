/** Who calls, as the client certificate says: CN is the user, each O a group. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
  /** Known only of somebody in whose name another one asks. */
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The caller without a certificate. */
export const anonymous: Identity = {
  user: "system:anonymous",
  groups: ["system:unauthenticated"],
};

const accountPrefix = "system:serviceaccount:";

/** The groups that a service account is in without anybody saying so; none for everyone else. */
export function accountGroups(user: string): readonly string[] {
  if (!user.startsWith(accountPrefix)) return [];
  const [namespace = "", name = ""] = user.slice(accountPrefix.length).split(":");
  if (namespace === "" || name === "") return [];
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

/** An authenticated caller; Kubernetes puts each of them into one more group. */
export function authenticated(user: string, groups: readonly string[]): Identity {
  return { user, groups: [...new Set([...groups, "system:authenticated"])] };
}
