import type { Table } from "../parse-tables.ts";

/** Leases (coordination.k8s.io/v1). */
export const coordinationTable: Table = {
  name: "coordination",
  text: `
kind Lease
   1 metadata ObjectMeta?
   2 spec     LeaseSpec?

struct LeaseSpec
   1 holderIdentity       *string?
   2 leaseDurationSeconds *int32?
   3 acquireTime          *MicroTime?
   4 renewTime            *MicroTime?
   5 leaseTransitions     *int32?
   6 strategy             *string?
   7 preferredHolder      *string?
`,
};
