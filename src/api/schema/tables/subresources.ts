import type { Table } from "../parse-tables.ts";

/** The `scale` sub-resource (autoscaling/v1). */
export const autoscalingTable: Table = {
  name: "autoscaling",
  text: `
kind Scale | How many pods a workload has, and should have.
   1 metadata ObjectMeta?  | The workload's name, namespace and version.
   2 spec     ScaleSpec?   | How many are wanted.
   3 status   ScaleStatus? | How many there are.

struct ScaleSpec | How many pods are wanted.
   1 replicas int32? | The number.

struct ScaleStatus | How many pods there are.
   1 replicas int32   | The number.
   2 selector string? | The labels that they have, as text.
`,
};

/** The `eviction` sub-resource (policy/v1). */
export const policyTable: Table = {
  name: "policy",
  text: `
kind Eviction | Asks a pod to leave its node.
   1 metadata      ObjectMeta?     | The pod's name and namespace.
   2 deleteOptions *DeleteOptions? | How it is to be deleted.
`,
};
