import { badRequest } from "../refusals.ts";

/** Where a paged list goes on. Clients keep it and hand it back unread. */
export interface ContinueToken {
  /** The version at which the list is read; undefined: the newest, at the price of consistency. */
  readonly revision: number | undefined;
  /** Keys after this one are still to come. */
  readonly after: string;
}

const VERSION = "meta.k8s.io/v1";

/** Kubernetes' form: base64url of a small JSON; version -1 means "the newest". */
export function formatContinue({ revision, after }: ContinueToken): string {
  const token = { v: VERSION, rv: revision ?? -1, start: `${after}\0` };
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

/** Throws the 400 answer for what is no token of ours. */
export function parseContinue(text: string): ContinueToken {
  let token: unknown;
  try {
    token = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    throw badContinue("incorrectly encoded");
  }
  if (typeof token !== "object" || token === null) throw badContinue("incorrectly encoded");
  const { v, rv, start }: { v?: unknown; rv?: unknown; start?: unknown } = token;
  if (v !== VERSION) {
    throw badContinue(`server does not recognize this encoded version ${JSON.stringify(v)}`);
  }
  if (typeof rv !== "number" || !Number.isSafeInteger(rv) || rv < -1 || rv === 0) {
    throw badContinue(`incorrect encoded start resourceVersion (version ${VERSION})`);
  }
  if (typeof start !== "string" || !start.endsWith("\0")) {
    throw badContinue(`encoded start key empty (version ${VERSION})`);
  }
  return { revision: rv === -1 ? undefined : rv, after: start.slice(0, -1) };
}

function badContinue(reason: string) {
  return badRequest(`invalid continue token: continue key is not valid: ${reason}`);
}
