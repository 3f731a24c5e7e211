import type { Table } from "../parse-tables.ts";

/** What all kinds share, and the options of requests (meta/v1). */
export const metaTable: Table = {
  name: "meta",
  text: `
struct ObjectMeta
   1 name                       string?
   2 generateName               string?
   3 namespace                  string?
   4 selfLink                   string?
   5 uid                        string?
   6 resourceVersion            string?
   7 generation                 int64?
   8 creationTimestamp          Time?
   9 deletionTimestamp          *Time?
  10 deletionGracePeriodSeconds *int64?
  11 labels                     {}string?
  12 annotations                {}string?
  13 ownerReferences            []OwnerReference?     patch=merge:uid list=map:uid
  14 finalizers                 []string?             patch=merge list=set
  17 managedFields              []ManagedFieldsEntry? list=atomic

struct OwnerReference atomic
   1 kind               string
   3 name               string
   4 uid                string
   5 apiVersion         string
   6 controller         *bool?
   7 blockOwnerDeletion *bool?

struct ManagedFieldsEntry
   1 manager     string?
   2 operation   string?
   3 apiVersion  string?
   4 time        *Time?
   6 fieldsType  string?
   7 fieldsV1    *FieldsV1?
   8 subresource string?

struct LabelSelector atomic
   1 matchLabels      {}string?
   2 matchExpressions []LabelSelectorRequirement? list=atomic

struct LabelSelectorRequirement
   1 key      string
   2 operator string
   3 values   []string? list=atomic

struct Condition
   1 type               string
   2 status             string
   3 observedGeneration int64?
   4 lastTransitionTime Time
   5 reason             string
   6 message            string

kind DeleteOptions
   1 gracePeriodSeconds                               *int64?
   2 preconditions                                    *Preconditions?
   3 orphanDependents                                 *bool?
   4 propagationPolicy                                *string?
   5 dryRun                                           []string?       list=atomic
   6 ignoreStoreReadErrorWithClusterBreakingPotential *bool?

struct Preconditions
   1 uid             *string?
   2 resourceVersion *string?

struct FieldSelectorRequirement
   1 key      string
   2 operator string
   3 values   []string? list=atomic

kind CreateOptions
   1 dryRun          []string? list=atomic
   3 fieldManager    string?
   4 fieldValidation string?

kind UpdateOptions
   1 dryRun          []string? list=atomic
   2 fieldManager    string?
   3 fieldValidation string?

kind PatchOptions
   1 dryRun          []string? list=atomic
   2 force           *bool?
   3 fieldManager    string?
   4 fieldValidation string?

kind ListOptions
   1 labelSelector        string?
   2 fieldSelector        string?
   3 watch                bool?
   4 resourceVersion      string?
   5 timeoutSeconds       *int64?
   7 limit                int64?
   8 continue             string?
   9 allowWatchBookmarks  bool?
  10 resourceVersionMatch string?
  11 sendInitialEvents    *bool?

kind GetOptions
   1 resourceVersion string?

kind Status
   1 metadata ListMeta?
   2 status   string?
   3 message  string?
   4 reason   string?
   5 details  *StatusDetails? list=atomic
   6 code     int32?

struct ListMeta
   1 selfLink           string?
   2 resourceVersion    string?
   3 continue           string?
   4 remainingItemCount *int64?

struct StatusDetails
   1 name              string?
   2 group             string?
   3 kind              string?
   4 causes            []StatusCause? list=atomic
   5 retryAfterSeconds int32?
   6 uid               string?

struct StatusCause
   1 reason  string?
   2 message string?
   3 field   string?

kind PartialObjectMetadata
   1 metadata ObjectMeta?
`,
};
