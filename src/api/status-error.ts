import { PortolanError } from "../lib/errors.ts";

/** Why the API refused, in Kubernetes' words (`metav1.StatusReason`). */
export type StatusReason =
  | "AlreadyExists"
  | "BadRequest"
  | "Conflict"
  | "Expired"
  | "Forbidden"
  | "Gone"
  | "InternalError"
  | "Invalid"
  | "MethodNotAllowed"
  | "NotAcceptable"
  | "NotFound"
  | "RequestEntityTooLarge"
  | "ServerTimeout"
  | "ServiceUnavailable"
  | "Timeout"
  | "TooManyRequests"
  | "Unauthorized"
  | "UnsupportedMediaType";

/** One cause of a Status: `reason` is a `metav1.CauseType`, `field` a path such as `spec.ports[0].port`. */
export interface StatusCause {
  /** Absent for a fault of the server. */
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

/** `metav1.StatusDetails`: what a refusal is about. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The plural resource or the kind, as Kubernetes does in the case at hand. */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** `metav1.Status` of a refusal, as it goes over the wire. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly continue?: string };
  readonly status: "Failure" | "Success";
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** A refusal that carries its Status: thrown by the API rooms, rebuilt from answers by the client. */
export class StatusError extends PortolanError<StatusReason> {
  readonly status: Status;

  constructor(
    code: number,
    reason: StatusReason,
    message: string,
    details?: StatusDetails,
    metadata: { readonly continue?: string } = {},
  ) {
    super(reason, message);
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata,
      status: "Failure",
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

/** Whether an error is a refusal for this reason. */
export function isStatus(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.code === reason;
}

/** 404: there is no such object. */
export const isNotFound = (error: unknown) => isStatus(error, "NotFound");
/** 409: somebody else has changed the object since it was read. */
export const isConflict = (error: unknown) => isStatus(error, "Conflict");
/** 409: the name is taken. */
export const isAlreadyExists = (error: unknown) => isStatus(error, "AlreadyExists");
/** 410: the resource version is too old to resume from. */
export const isGone = (error: unknown) => isStatus(error, "Expired") || isStatus(error, "Gone");
