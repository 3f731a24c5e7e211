import type { Table } from "../parse-tables.ts";

/** Leases (coordination.k8s.io/v1). */
export const coordinationTable: Table = {
  name: "coordination",
  text: `
kind Lease | Says who holds something, and until when: leadership, or a node's being alive.
   1 metadata ObjectMeta? | Name, namespace, labels and the like.
   2 spec     LeaseSpec?  | Holder and times.

struct LeaseSpec | Holder and times of a lease.
   1 holderIdentity       *string?    | Who holds it; empty when nobody does.
   2 leaseDurationSeconds *int32?     | Others may take over when it was not renewed for this long.
   3 acquireTime          *MicroTime? | Since when this holder has it.
   4 renewTime            *MicroTime? | When the holder last renewed it.
   5 leaseTransitions     *int32?     | How often it went to another holder.
   6 strategy             *string?    | How a new leader is chosen.
   7 preferredHolder      *string?    | Who should hold it next.
`,
};
