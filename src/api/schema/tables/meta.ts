import type { Table } from "../parse-tables.ts";

/** What all kinds share, and the options of requests (meta/v1). */
export const metaTable: Table = {
  name: "meta",
  text: `
struct ObjectMeta | What every object has: its name, its place, its labels, its history.
   1 name                       string?               | Unique among objects of this kind in the namespace; fixed once the object exists.
   2 generateName               string?               | A prefix: the server appends a random suffix to make the name, when name is empty.
   3 namespace                  string?               | Where the object lives; empty for kinds that belong to the whole cluster.
   4 selfLink                   string?               | Not used any more.
   5 uid                        string?               | Set by the server, and never given to another object, whatever its name.
   6 resourceVersion            string?               | Changes with each write; an opaque text to hand back, to watch from or to detect conflicts.
   7 generation                 int64?                | Counts the changes of what is desired; a status names the generation that it speaks of.
   8 creationTimestamp          Time?                 | When the server stored the object first.
   9 deletionTimestamp          *Time?                | When the object is to be gone; set by the server when somebody deletes it.
  10 deletionGracePeriodSeconds *int64?               | How long the object may take to end, counted from its deletion.
  11 labels                     {}string?             | Names and values that selectors look for.
  12 annotations                {}string?             | Names and values that tools keep with the object; no selector sees them.
  13 ownerReferences            []OwnerReference?     patch=merge:uid list=map:uid | The objects that this one depends on: it goes when all of them are gone.
  14 finalizers                 []string?             patch=merge list=set | Who has to finish something before the object may go; it goes with the last entry.
  17 managedFields              []ManagedFieldsEntry? list=atomic | Who last wrote which fields, for server-side apply.

struct OwnerReference atomic | Names an owner of an object, in the same namespace or without one.
   1 kind               string | Kind of the owner.
   3 name               string | Name of the owner.
   4 uid                string | UID of the owner: an object of the same name made later is no owner.
   5 apiVersion         string | Group and version of the owner.
   6 controller         *bool? | This owner manages the object; at most one may say so.
   7 blockOwnerDeletion *bool? | With foreground deletion the owner waits until this object is gone.

struct ManagedFieldsEntry | Which fields one manager has written.
   1 manager     string?    | Name of the tool or person.
   2 operation   string?    | How it wrote: Apply or Update.
   3 apiVersion  string?    | Version of the schema that the paths in fieldsV1 follow.
   4 time        *Time?     | When this entry last changed.
   6 fieldsType  string?    | The form of the set of fields: FieldsV1.
   7 fieldsV1    *FieldsV1? | The set of fields.
   8 subresource string?    | The sub-resource that was written; empty for the object itself.

struct LabelSelector atomic | Chooses objects by their labels: all of its requirements must hold. An empty one chooses all.
   1 matchLabels      {}string?                               | Labels that must be there with exactly these values.
   2 matchExpressions []LabelSelectorRequirement? list=atomic | Further requirements.

struct LabelSelectorRequirement | One requirement of labels.
   1 key      string                | The label.
   2 operator string                | How its value is judged: In, NotIn, Exists or DoesNotExist.
   3 values   []string? list=atomic | The values for In and NotIn; empty for the others.

struct Condition | One aspect of an object's present state.
   1 type               string | Which aspect, in CamelCase.
   2 status             string | True, False or Unknown.
   3 observedGeneration int64? | The generation of the object that was judged.
   4 lastTransitionTime Time   | When the status last changed.
   5 reason             string | Why, as one word for programs.
   6 message            string | Why, as a sentence for people.

kind DeleteOptions | How an object is to be deleted.
   1 gracePeriodSeconds                               *int64?                     | How long it may take; 0 is at once, absent is the default of the kind.
   2 preconditions                                    *Preconditions?             | What must hold, or nothing is deleted.
   3 orphanDependents                                 *bool?                      | Old form of propagationPolicy.
   4 propagationPolicy                                *string?                    | What becomes of the objects that it owns: Background, Foreground or Orphan.
   5 dryRun                                           []string?       list=atomic | With All, everything is done but the deletion.
   6 ignoreStoreReadErrorWithClusterBreakingPotential *bool?

struct Preconditions | What must hold for a deletion.
   1 uid             *string? | The object must have this UID.
   2 resourceVersion *string? | The object must be of this version.

struct FieldSelectorRequirement
   1 key      string
   2 operator string
   3 values   []string? list=atomic

struct ListMeta | What every list has.
   1 selfLink           string? | Not used any more.
   2 resourceVersion    string? | The version that the list shows; a watch may go on from it.
   3 continue           string? | Opaque: hand it back to get the next page. Empty on the last one.
   4 remainingItemCount *int64? | How many objects come after this page; not always known.
`,
};
