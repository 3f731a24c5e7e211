import type { Resource } from "../api/resource.ts";
import { type StatusDetails, StatusError } from "../api/status-error.ts";

/** What a text names: the plural, with the group if there is one. */
function qualified({ group, plural }: Pick<Resource, "group" | "plural">): string {
  return group === "" ? plural : `${plural}.${group}`;
}

function detailsOf(
  { group, plural }: Pick<Resource, "group" | "plural">,
  name: string | undefined,
): StatusDetails {
  return {
    ...(name === undefined || name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    kind: plural,
  };
}

type Named = Pick<Resource, "group" | "plural">;

export function notFound(resource: Named, name: string): StatusError {
  const message = `${qualified(resource)} "${name}" not found`;
  return new StatusError(404, "NotFound", message, detailsOf(resource, name));
}

/** The path leads nowhere: no such group, version, resource or sub-resource. */
export function noSuchPath(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

export function methodNotAllowed(): StatusError {
  return new StatusError(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    {},
  );
}

export function alreadyExists(resource: Named, name: string, isDeleting = false): StatusError {
  const prefix = isDeleting ? "object is being deleted: " : "";
  const message = `${prefix}${qualified(resource)} "${name}" already exists`;
  return new StatusError(409, "AlreadyExists", message, detailsOf(resource, name));
}

/** Every generated name of several tries was taken. */
export function generatedNameTaken(resource: Named, name: string): StatusError {
  const message = `${qualified(resource)} "${name}" already exists, the server was not able to generate a unique name for the object`;
  return new StatusError(409, "AlreadyExists", message, {
    ...detailsOf(resource, name),
    retryAfterSeconds: 1,
  });
}

export function conflict(resource: Named, name: string, reason: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${reason}`;
  return new StatusError(409, "Conflict", message, detailsOf(resource, name));
}

/** The version in the request is not the newest. */
export function modified(resource: Named, name: string): StatusError {
  return conflict(
    resource,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  );
}

/** A precondition on uid or version does not hold. */
export function preconditionFailed(
  resource: Named,
  name: string,
  what: { readonly field: "UID" | "ResourceVersion"; readonly wanted: string; readonly is: string },
): StatusError {
  return conflict(
    resource,
    name,
    `Precondition failed: ${what.field} in precondition: ${what.wanted}, ${what.field} in object meta: ${what.is}`,
  );
}

export function forbidden(
  resource: Named,
  name: string | undefined,
  reason: string,
  causes?: StatusDetails["causes"],
): StatusError {
  const about = name === undefined || name === "" ? "" : ` "${name}"`;
  const message = `${qualified(resource)}${about} is forbidden: ${reason}`;
  return new StatusError(403, "Forbidden", message, {
    ...detailsOf(resource, name),
    ...(causes === undefined ? {} : { causes }),
  });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

export function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}

export function notAcceptable(accepted: readonly string[]): StatusError {
  return new StatusError(
    406,
    "NotAcceptable",
    `only the following media types are accepted: ${accepted.join(", ")}`,
  );
}

/** An object's form is wanted of a list, or the other way round. */
export function notAcceptableForm(form: string, shape: "object" | "list"): StatusError {
  const what = shape === "list" ? "is a list" : "is not a list";
  return new StatusError(
    406,
    "NotAcceptable",
    `you requested ${form}, but the requested object ${what}`,
  );
}

export function bodyTooLarge(bytesMax: number): StatusError {
  return new StatusError(
    413,
    "RequestEntityTooLarge",
    `Request entity too large: limit is ${bytesMax}`,
  );
}

/** The request took too long to arrive. */
export function requestTimeout(): StatusError {
  const message = "Timeout: request did not complete within the allotted timeout";
  return new StatusError(504, "Timeout", message, {});
}

/** A new object has no version yet. */
export function versionOnCreate(): StatusError {
  const message = "resourceVersion should not be set on objects to be created";
  return new StatusError(500, "InternalError", message);
}

/**
 * An object that is larger than the store takes. It begins as etcd's text does, which tools look for; but Kubernetes
 * answers 500 there, as if the mistake were the server's.
 */
export function objectTooLarge(size: { readonly bytes: number; readonly bytesMax: number }) {
  return new StatusError(
    413,
    "RequestEntityTooLarge",
    `etcdserver: request is too large: the object has ${size.bytes} bytes, the limit is ${size.bytesMax}`,
  );
}

export function tooManyRequests(): StatusError {
  return new StatusError(429, "TooManyRequests", "Too many requests, please try again later.", {
    retryAfterSeconds: 1,
  });
}

/** The resource version lies in the future: this server has not seen it. */
export function tooLargeVersion(wanted: number, current: number): StatusError {
  return new StatusError(
    504,
    "Timeout",
    `Too large resource version: ${wanted}, current: ${current}`,
    {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  );
}

/** A watch can't go on from there: the log no longer reaches back so far. */
export function tooOldVersion(wanted: number, oldest: number): StatusError {
  return new StatusError(410, "Expired", `too old resource version: ${wanted} (${oldest})`);
}

export function listTooOld(): StatusError {
  return new StatusError(410, "Expired", "The resourceVersion for the provided list is too old.");
}

/** A page is asked for whose list is gone; the token in it goes on at the newest state. */
export function continueTooOld(replacement: string): StatusError {
  return new StatusError(
    410,
    "Expired",
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    undefined,
    { continue: replacement },
  );
}

export function internalError(message: string): StatusError {
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}

export function serviceUnavailable(message: string): StatusError {
  return new StatusError(503, "ServiceUnavailable", message);
}
