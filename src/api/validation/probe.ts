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

/** What is wrong with a probe: what it does, how often, and what follows. */
export function validateProbe(probe: Probe, kind: ProbeKind, field: string): FieldError[] {
  const grace = probe.terminationGracePeriodSeconds;
  return [
    ...validateHandler(probe, 0, field),
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
    ...(grace !== undefined && grace <= 0
      ? [invalid(`${field}.terminationGracePeriodSeconds`, grace, "must be greater than 0")]
      : []),
    ...(grace !== undefined && kind === "readiness"
      ? [
          invalid(
            `${field}.terminationGracePeriodSeconds`,
            grace,
            "must not be set for readinessProbes",
          ),
        ]
      : []),
    ...(kind !== "readiness" && (probe.successThreshold ?? 1) !== 1
      ? [invalid(`${field}.successThreshold`, probe.successThreshold, "must be 1")]
      : []),
  ];
}

/** `graceSeconds` is the pod's: a container may not sleep longer than it has for its end. */
export function validateLifecycle(
  { postStart, preStop }: Lifecycle,
  graceSeconds: number,
  field: string,
): FieldError[] {
  return [
    ...(postStart === undefined
      ? []
      : validateHandler(postStart, graceSeconds, `${field}.postStart`)),
    ...(preStop === undefined ? [] : validateHandler(preStop, graceSeconds, `${field}.preStop`)),
  ];
}

type Handler = Probe & LifecycleHandler;

const handlerNames = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

/** What is done to a container: exactly one thing. Only the first one is looked into. */
function validateHandler(handler: Handler, graceSeconds: number, field: string): FieldError[] {
  const [first, ...others] = handlerNames.filter((name) => handler[name] !== undefined);
  if (first === undefined) return [required(field, "must specify a handler type")];
  return [
    ...validateAction(handler, first, graceSeconds, `${field}.${first}`),
    ...others.map((name) =>
      forbidden(`${field}.${name}`, "may not specify more than 1 handler type"),
    ),
  ];
}

function validateAction(
  { exec, httpGet, tcpSocket, grpc, sleep }: Handler,
  name: (typeof handlerNames)[number],
  graceSeconds: number,
  field: string,
): FieldError[] {
  switch (name) {
    case "exec":
      return exec === undefined ? [] : validateExec(exec, field);
    case "httpGet":
      return httpGet === undefined ? [] : validateHttpGet(httpGet, field);
    case "tcpSocket":
      return tcpSocket === undefined ? [] : validateTcpSocket(tcpSocket, field);
    case "grpc":
      return grpc === undefined ? [] : validateGrpc(grpc, field);
    case "sleep":
      return sleep === undefined ? [] : validateSleep(sleep, graceSeconds, field);
  }
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

function validateSleep(
  { seconds }: SleepAction,
  graceSeconds: number,
  field: string,
): FieldError[] {
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return seconds >= 0 && seconds <= graceSeconds ? [] : [invalid(field, seconds, detail)];
}
