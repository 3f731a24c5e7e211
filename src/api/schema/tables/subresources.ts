import type { Table } from "../parse-tables.ts";

/** The `scale` sub-resource (autoscaling/v1). */
export const autoscalingTable: Table = {
  name: "autoscaling",
  text: `
kind Scale
   1 metadata ObjectMeta?
   2 spec     ScaleSpec?
   3 status   ScaleStatus?

struct ScaleSpec
   1 replicas int32?

struct ScaleStatus
   1 replicas int32
   2 selector string?
`,
};

/** The `eviction` sub-resource (policy/v1). */
export const policyTable: Table = {
  name: "policy",
  text: `
kind Eviction
   1 metadata      ObjectMeta?
   2 deleteOptions *DeleteOptions?
`,
};
