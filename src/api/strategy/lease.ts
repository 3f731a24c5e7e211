import { type FieldError, invalid } from "../field-error.ts";
import type { Lease } from "../types.ts";
import { dnsSubdomain, notNegative } from "../validation/names.ts";
import { defineStrategy } from "./strategy-shape.ts";

/** The rules of Leases. */
export const leaseStrategy = defineStrategy<Lease>({
  namespaced: true,
  name: dnsSubdomain,
  validate: validateLease,
  createsOnUpdate: true,
  updatesUnconditionally: false,
});

function validateLease({ spec }: Lease): FieldError[] {
  const { leaseDurationSeconds, leaseTransitions } = spec ?? {};
  return [
    ...(leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0
      ? [invalid("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0")]
      : []),
    ...(leaseTransitions !== undefined && leaseTransitions < 0
      ? [invalid("spec.leaseTransitions", leaseTransitions, notNegative)]
      : []),
  ];
}
