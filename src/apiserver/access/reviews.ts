import { decodeMeta } from "../../api/decode.ts";
import { type FieldError, invalid, invalidStatus } from "../../api/field-error.ts";
import type { SelfSubjectAccessReview, SubjectAccessReview } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import { type Answer, type Incoming, jsonAnswer } from "../exchange.ts";
import type { Identity } from "../identity.ts";
import { badRequest } from "../refusals.ts";
import { contentType } from "../write/write-handlers.ts";
import { type Access, type AccessFacts, isAllowed, rolesOf } from "./access.ts";

const options = { fieldValidation: "Ignore" } as const;

type AccessSpec = SelfSubjectAccessReview["spec"] | SubjectAccessReview["spec"];

/** `kubectl auth can-i VERB RESOURCE`. */
export async function reviewOwnAccess(request: Incoming, facts: AccessFacts): Promise<Answer> {
  const kind = "SelfSubjectAccessReview";
  const body = await request.readBody();
  const { object } = decodeMeta(kind, body, contentType(request), options);
  refuse(kind, attributeErrors(object.spec));
  return accessAnswer(kind, object.spec, request.identity, facts);
}

/** What services that protect themselves ask about their callers; with a namespace it is about what lies in it. */
export async function reviewAccess(
  request: Incoming,
  facts: AccessFacts,
  namespace?: string,
): Promise<Answer> {
  const kind = namespace === undefined ? "SubjectAccessReview" : "LocalSubjectAccessReview";
  const body = await request.readBody();
  const { object } = decodeMeta(kind, body, contentType(request), options);
  const { spec } = object;
  const { user = "", groups = [], resourceAttributes, nonResourceAttributes } = spec ?? {};
  const errors = attributeErrors(spec);
  if (user === "" && groups.length === 0) {
    errors.push(invalid("spec.user", user, "at least one of user or group must be specified"));
  }
  if (namespace !== undefined && nonResourceAttributes !== undefined) {
    const detail = "disallowed on this kind of request";
    errors.push(invalid("spec.nonResourceAttributes", nonResourceAttributes, detail));
  }
  refuse(kind, errors);
  if (namespace !== undefined && resourceAttributes?.namespace !== namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
  }
  return accessAnswer(kind, spec, { user, groups }, facts);
}

function accessAnswer(
  kind: string,
  spec: AccessSpec | undefined,
  identity: Identity,
  facts: AccessFacts,
): Answer {
  const allowed = isAllowed(identity, accessOf(spec), facts);
  return jsonAnswer(201, {
    kind,
    apiVersion: "authorization.k8s.io/v1",
    metadata: { creationTimestamp: null },
    spec,
    status: { allowed, ...(allowed ? { reason: "a built-in role allows it" } : {}) },
  });
}

/** Exactly one of the two must be there. */
function attributeErrors(spec: AccessSpec | undefined): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec ?? {};
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const detail = "cannot be specified in combination with resourceAttributes";
    return [invalid("spec.nonResourceAttributes", nonResourceAttributes, detail)];
  }
  if (resourceAttributes !== undefined || nonResourceAttributes !== undefined) return [];
  const detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  return [invalid("spec.resourceAttributes", undefined, detail)];
}

function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidStatus({ group: "authorization.k8s.io", kind }, "", errors);
}

function accessOf(spec: AccessSpec | undefined): Access {
  const { resourceAttributes: resource = {}, nonResourceAttributes: path } = spec ?? {};
  if (path !== undefined) return { type: "path", verb: path.verb ?? "", path: path.path ?? "" };
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

/** Callers are known by their certificates: nobody has a token. */
export async function reviewToken(request: Incoming): Promise<Answer> {
  const body = await request.readBody();
  const { object } = decodeMeta("TokenReview", body, contentType(request), options);
  if ((object.spec?.token ?? "") === "") {
    throw badRequest("token is required for TokenReview in authentication");
  }
  return jsonAnswer(201, {
    kind: "TokenReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { creationTimestamp: null },
    spec: object.spec,
    status: { user: {}, error: "invalid bearer token" },
  });
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
