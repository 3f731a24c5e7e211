import { decodeMeta } from "../../api/decode.ts";
import type { SelfSubjectAccessReview } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import { type Answer, type Incoming, jsonAnswer } from "../exchange.ts";
import { badRequest } from "../refusals.ts";
import { contentType } from "../write/write-handlers.ts";
import { type Access, type AccessFacts, isAllowed, rolesOf } from "./access.ts";

const options = { fieldValidation: "Ignore" } as const;

/** `kubectl auth can-i VERB RESOURCE`. */
export async function reviewAccess(request: Incoming, facts: AccessFacts): Promise<Answer> {
  const body = await request.readBody();
  const { object } = decodeMeta("SelfSubjectAccessReview", body, contentType(request), options);
  const access = accessOf(object);
  const allowed = isAllowed(request.identity, access, facts);
  return jsonAnswer(201, {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: { creationTimestamp: null },
    spec: object.spec,
    status: { allowed, ...(allowed ? { reason: "a built-in role allows it" } : {}) },
  });
}

function accessOf({ spec }: SelfSubjectAccessReview): Access {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec ?? {};
  if (resource !== undefined) {
    return {
      type: "resource",
      verb: resource.verb ?? "",
      group: resource.group ?? "",
      plural: resource.resource ?? "",
      subresource: resource.subresource ?? "",
      namespace: resource.namespace ?? "",
      name: resource.name ?? "",
    };
  }
  if (path !== undefined) return { type: "path", verb: path.verb ?? "", path: path.path ?? "" };
  throw badRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified");
}

/** `kubectl auth can-i --list`. */
export async function reviewRules(request: Incoming): Promise<Answer> {
  const body = await request.readBody();
  const { object } = decodeMeta("SelfSubjectRulesReview", body, contentType(request), options);
  const namespace = object.spec?.namespace ?? "";
  if (namespace === "") throw badRequest("no namespace on request");
  const own = rolesOf(request.identity);
  const resourceRules = own
    .flatMap(({ rules }) => rules ?? [])
    .filter(({ namespaces }) => namespaces === undefined || namespaces.includes(namespace))
    .map(({ verbs, groups, resources }) => ({ verbs, apiGroups: groups, resources }));
  const nonResourceRules = own
    .flatMap(({ paths }) => paths ?? [])
    .map(({ verbs, paths }) => ({ verbs, nonResourceURLs: paths }));
  return jsonAnswer(201, {
    kind: "SelfSubjectRulesReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: { creationTimestamp: null },
    spec: object.spec,
    status: { resourceRules, nonResourceRules, incomplete: false },
  });
}

/** `kubectl auth whoami`. */
export async function reviewSelf(request: Incoming, nowMs: number): Promise<Answer> {
  const body = await request.readBody();
  decodeMeta("SelfSubjectReview", body, contentType(request), options);
  const { user, groups, uid, extra } = request.identity;
  return jsonAnswer(201, {
    kind: "SelfSubjectReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { creationTimestamp: formatTime(nowMs) },
    status: { userInfo: { username: user, uid, groups, extra } },
  });
}
