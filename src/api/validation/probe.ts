import {
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  required,
} from "../field-error.ts";
import type {
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
  SleepAction,
  TCPSocketAction,
} from "../types.ts";
import { notNegative, portNumber } from "./names.ts";
import { validatePortReference } from "./network.ts";

/** Which of a container's probes: readiness may need several successes, the others may end a container's grace early. */
export type ProbeKind = "liveness" | "readiness" | "startup";

export function validateProbe(probe: Probe, kind: ProbeKind, field: string): FieldError[] {
  const grace = probe.terminationGracePeriodSeconds;
  return [
    ...validateHandler(probe, field),
    ...(
      [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
      ] as const
    ).flatMap((name) =>
      (probe[name] ?? 0) < 0 ? [invalid(`${field}.${name}`, probe[name], notNegative)] : [],
    ),
    ...(grace !== undefined && kind === "readiness"
      ? [
          invalid(
            `${field}.terminationGracePeriodSeconds`,
            grace,
            "must not be set for readinessProbes",
          ),
        ]
      : []),
    ...(grace !== undefined && kind !== "readiness" && grace <= 0
      ? [invalid(`${field}.terminationGracePeriodSeconds`, grace, "must be greater than 0")]
      : []),
    ...(kind !== "readiness" && (probe.successThreshold ?? 1) !== 1
      ? [invalid(`${field}.successThreshold`, probe.successThreshold, "must be 1")]
      : []),
  ];
}

export function validateLifecycle(lifecycle: Lifecycle, field: string): FieldError[] {
  const { postStart, preStop } = lifecycle;
  return [
    ...(postStart === undefined ? [] : validateHandler(postStart, `${field}.postStart`)),
    ...(preStop === undefined ? [] : validateHandler(preStop, `${field}.preStop`)),
  ];
}

type Handler = Probe & LifecycleHandler;

/** What is done to a container: exactly one thing. */
function validateHandler(handler: Handler, field: string): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const given = (["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const).filter(
    (name) => handler[name] !== undefined,
  );
  return [
    ...(given.length === 0 ? [required(field, "must specify a handler type")] : []),
    ...given
      .slice(1)
      .map((name) => forbidden(`${field}.${name}`, "may not specify more than 1 handler type")),
    ...(exec === undefined ? [] : validateExec(exec, `${field}.exec`)),
    ...(httpGet === undefined ? [] : validateHttpGet(httpGet, `${field}.httpGet`)),
    ...(tcpSocket === undefined ? [] : validateTcpSocket(tcpSocket, `${field}.tcpSocket`)),
    ...(grpc === undefined ? [] : validateGrpc(grpc, `${field}.grpc`)),
    ...(sleep === undefined ? [] : validateSleep(sleep, `${field}.sleep`)),
  ];
}

function validateExec({ command = [] }: ExecAction, field: string): FieldError[] {
  return command.length === 0 ? [required(`${field}.command`)] : [];
}

const headerNamePattern = /^[-A-Za-z0-9]+$/;
const headerMessage =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

function validateHttpGet(action: HTTPGetAction, field: string): FieldError[] {
  const { path = "", port = 0, scheme = "", httpHeaders = [] } = action;
  return [
    ...(path === "" ? [required(`${field}.path`)] : []),
    ...validatePortReference(port, `${field}.port`),
    ...(scheme === "HTTP" || scheme === "HTTPS"
      ? []
      : [notSupported(`${field}.scheme`, scheme, ["HTTP", "HTTPS"])]),
    ...httpHeaders.flatMap(({ name = "" }) =>
      headerNamePattern.test(name) ? [] : [invalid(`${field}.httpHeaders`, name, headerMessage)],
    ),
  ];
}

function validateTcpSocket({ port = 0 }: TCPSocketAction, field: string): FieldError[] {
  return validatePortReference(port, `${field}.port`);
}

function validateGrpc({ port = 0 }: GRPCAction, field: string): FieldError[] {
  return invalidEach(`${field}.port`, port, portNumber(port));
}

function validateSleep({ seconds }: SleepAction, field: string): FieldError[] {
  return seconds >= 0 ? [] : [invalid(`${field}.seconds`, seconds, notNegative)];
}
