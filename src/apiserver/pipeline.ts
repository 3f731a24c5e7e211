import { StatusError } from "../api/status-error.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { type Access, type AccessFacts, verbOf } from "./access/access.ts";
import { allow } from "./access/allow.ts";
import { type Answer, type Incoming, refusalAnswer } from "./exchange.ts";
import { accountGroups, anonymous, authenticated, type Identity } from "./identity.ts";
import { type InFlight, isUnlimited } from "./in-flight.ts";
import type { RequestMetrics } from "./metrics.ts";
import { presented } from "./present.ts";
import { badRequest, internalError, methodNotAllowed } from "./refusals.ts";
import { unescaped } from "./request-target.ts";
import { isWatch } from "./router.ts";

export interface PipelineOptions {
  readonly facts: AccessFacts;
  readonly inFlight: InFlight;
  readonly metrics: RequestMetrics;
  readonly log: Logger;
  readonly route: (request: Incoming) => Promise<Answer>;
}

/** What every request goes through: impersonation, authorization, the limit on requests in flight, the handler. */
export async function process(options: PipelineOptions, request: Incoming): Promise<Answer> {
  const begunMs = performance.now();
  const answer = await answered(options, request);
  const seconds = (performance.now() - begunMs) / 1000;
  return presented(options.metrics.counted(request, answer, seconds), request);
}

async function answered(options: PipelineOptions, request: Incoming): Promise<Answer> {
  const { facts, inFlight, log, route } = options;
  let leave = () => {};
  try {
    const allowed = authorized(request, facts);
    if (!staysOpen(request) && !isUnlimited(allowed.identity, request.target)) {
      leave = inFlight.enter(request.method);
    }
    return await route(allowed);
  } catch (error) {
    // Nobody is there to read the answer, and nothing is wrong here.
    if (request.signal.aborted) return { status: 499, headers: {}, body: [] };
    return errorAnswer(error, log, request.path);
  } finally {
    leave();
  }
}

/** The answer to what was thrown: a refusal as it is, anything else as an internal error that is logged. */
export function errorAnswer(error: unknown, log: Logger, path: string): Answer {
  const refusal = error instanceof StatusError ? error : undefined;
  if (refusal === undefined) {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("Cannot answer a request", {
      path,
      error: describeError(error),
      ...(stack === undefined ? {} : { stack }),
    });
  }
  return refusalAnswer(refusal ?? internalError(describeError(error)));
}

/**
 * The request in the name of whom it is made, who is somebody else with `kubectl --as`. Throws the 401 or 403 answer
 * unless that one may do this, and the caller may act as that one.
 */
export function authorized(request: Incoming, facts: AccessFacts): Incoming {
  const identity = impersonated(request, facts);
  allow(identity, accessOf(request), facts);
  return { ...request, identity };
}

function accessOf(request: Incoming): Access {
  const { target, method, path } = request;
  if (target.type === "path") return { type: "path", verb: method.toLowerCase(), path };
  const verb = verbOf(method, target, isWatch(request));
  if (verb === undefined) throw methodNotAllowed();
  return {
    type: "resource",
    verb,
    group: target.group,
    plural: target.plural,
    subresource: target.subresource ?? "",
    namespace: target.namespace ?? "",
    name: target.name ?? "",
  };
}

/** Who may do everything may also act as somebody else. Nobody else is heard. */
function impersonated({ headers, identity }: Incoming, facts: AccessFacts): Identity {
  const user = headers["impersonate-user"] ?? "";
  if (user === "") {
    // Half of an identity: whoever sends it does not mean to be answered as themselves.
    const half = Object.keys(headers).find((name) => name.startsWith("impersonate-"));
    if (half === undefined || headers[half] === "") return identity;
    throw badRequest(`requested ${half} without impersonating a user`);
  }
  const access = {
    type: "resource",
    verb: "impersonate",
    group: "",
    plural: "users",
    subresource: "",
    namespace: "",
    name: user,
  } as const;
  allow(identity, access, facts);
  if (user === anonymous.user) return anonymous;
  const groups = listOf(headers["impersonate-group"]);
  const uid = headers["impersonate-uid"] ?? "";
  const extra = Object.entries(headers)
    .filter(([name]) => name.startsWith(extraPrefix))
    .map(([name, text]) => [unescaped(name.slice(extraPrefix.length)), listOf(text)] as const);
  return {
    ...authenticated(user, groups.length > 0 ? groups : accountGroups(user)),
    ...(uid === "" ? {} : { uid }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}

const extraPrefix = "impersonate-extra-";

/** A header that stands several times is one, with commas. */
function listOf(header = ""): readonly string[] {
  return header
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
}

function staysOpen(request: Incoming): boolean {
  const { target } = request;
  return isWatch(request) || (target.type === "resource" && target.subresource === "log");
}
