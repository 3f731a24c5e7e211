import { badRequest } from "../refusals.ts";

/** Where a paged list goes on. Clients keep it and hand it back unread. */
export interface ContinueToken {
  /** The version at which the list is read; undefined: the newest, at the price of consistency. */
  readonly revision: number | undefined;
  /** Keys after this one are still to come. */
  readonly after: string;
}

/** Kubernetes' form: base64url of a small JSON; version -1 means "the newest". */
export function formatContinue({ revision, after }: ContinueToken): string {
  const token = { v: "meta.k8s.io/v1", rv: revision ?? -1, start: `${after}\0` };
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

/** Throws the 400 answer for what is no token of ours. */
export function parseContinue(text: string): ContinueToken {
  let token: unknown;
  try {
    token = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    throw badContinue();
  }
  if (typeof token !== "object" || token === null || !("rv" in token) || !("start" in token)) {
    throw badContinue();
  }
  const { rv, start } = token;
  if (!Number.isSafeInteger(rv) || typeof rv !== "number" || typeof start !== "string") {
    throw badContinue();
  }
  if (!start.endsWith("\0") || rv < -1 || rv === 0) throw badContinue();
  return { revision: rv === -1 ? undefined : rv, after: start.slice(0, -1) };
}

function badContinue() {
  return badRequest("continue key is not valid: encoded continue token is not valid");
}
