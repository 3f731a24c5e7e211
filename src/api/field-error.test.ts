import assert from "node:assert/strict";
import { test } from "node:test";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidStatus,
  notFound,
  notSupported,
  required,
  tooLong,
  tooMany,
} from "./field-error.ts";
import { deployments, services } from "./resource.ts";

const rows: readonly { name: string; error: FieldError; reason: string; message: string }[] = [
  {
    name: "a number is shown as it is",
    error: invalid("spec.ports[0].port", 0, "must be between 1 and 65535, inclusive"),
    reason: "FieldValueInvalid",
    message: "Invalid value: 0: must be between 1 and 65535, inclusive",
  },
  {
    name: "a text is quoted",
    error: duplicate("spec.ports[1].name", 'a"b'),
    reason: "FieldValueDuplicate",
    message: 'Duplicate value: "a\\"b"',
  },
  {
    name: "a list of texts is shown in Go's syntax",
    error: invalid("spec.clusterIPs", ["10.0.0.1", "fd00::1"], "no"),
    reason: "FieldValueInvalid",
    message: 'Invalid value: []string{"10.0.0.1", "fd00::1"}: no',
  },
  {
    name: "a map of texts is sorted by key",
    error: invalid("labels", { b: "2", a: "1" }, "no"),
    reason: "FieldValueInvalid",
    message: 'Invalid value: map[string]string{"a":"1", "b":"2"}: no',
  },
  {
    name: "nothing is null",
    error: invalid("spec.ipFamilyPolicy", undefined, "no"),
    reason: "FieldValueInvalid",
    message: "Invalid value: null: no",
  },
  {
    name: "supported values are quoted, in the order given",
    error: notSupported("protocol", "ICMP", ["UDP", "TCP"]),
    reason: "FieldValueNotSupported",
    message: 'Unsupported value: "ICMP": supported values: "UDP", "TCP"',
  },
  {
    name: "a required value needs no reason",
    error: required("spec.ports"),
    reason: "FieldValueRequired",
    message: "Required value",
  },
  {
    name: "a forbidden value is not shown",
    error: forbidden("spec.x", "may not be set"),
    reason: "FieldValueForbidden",
    message: "Forbidden: may not be set",
  },
  {
    name: "a long value is not shown",
    error: tooLong("metadata.annotations", 262_144),
    reason: "FieldValueTooLong",
    message: "Too long: may not be more than 262144 bytes",
  },
  {
    name: "too many says how many there may be",
    error: tooMany("hints.forZones", 9, 8),
    reason: "FieldValueTooMany",
    message: "Too many: 9: must have at most 8 items",
  },
  {
    name: "what is named and not there is not found",
    error: notFound("volumeMounts[0].name", "v"),
    reason: "FieldValueNotFound",
    message: 'Not found: "v"',
  },
];

for (const { name, error, reason, message } of rows) {
  test(`field error: ${name}`, () => {
    assert.deepEqual([error.reason, error.message], [reason, message]);
  });
}

test("invalidStatus: one mistake stands alone", () => {
  const error = invalid("spec.ports[0].port", 0, "must be between 1 and 65535, inclusive");
  const { status } = invalidStatus(services, "x", [error]);
  assert.equal(
    status.message,
    'Service "x" is invalid: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
  );
  assert.deepEqual([status.code, status.reason], [422, "Invalid"]);
  assert.deepEqual(status.details, {
    name: "x",
    kind: "Service",
    causes: [
      {
        reason: "FieldValueInvalid",
        message: "Invalid value: 0: must be between 1 and 65535, inclusive",
        field: "spec.ports[0].port",
      },
    ],
  });
});

test("invalidStatus: several are listed, equal ones once; the group follows the kind", () => {
  const a = required("spec.selector");
  const b = required("spec.template");
  const { status } = invalidStatus(deployments, "web", [a, b, b]);
  assert.equal(
    status.message,
    'Deployment.apps "web" is invalid: [spec.selector: Required value, spec.template: Required value]',
  );
  assert.equal(status.details?.causes?.length, 3);
});

test("invalidStatus: of very many mistakes the first hundred are told, and of a long value its beginning", () => {
  const errors = Array.from({ length: 5000 }, (_, i) => required(`spec.x[${i}]`));
  const { status } = invalidStatus(services, "x", errors);
  assert.equal(status.details?.causes?.length, 100);
  assert.match(status.message ?? "", /, spec\.x\[99\]: Required value, and 4900 more\]$/);
  const { message } = invalid("spec.y", "y".repeat(1_000_000), "is too long");
  assert.match(message, /^Invalid value: "y{4095}\.\.\.: is too long$/);
});
