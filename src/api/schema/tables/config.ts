import type { Table } from "../parse-tables.ts";

/** Namespaces, configuration, service accounts and events (core/v1). */
export const configTable: Table = {
  name: "core",
  text: `
enum NamespacePhase = Active Terminating

kind Namespace | A room for names: objects in different namespaces may share a name.
   1 metadata ObjectMeta?      | Name, labels and the like.
   2 spec     NamespaceSpec?   | What has to happen before the namespace can go.
   3 status   NamespaceStatus? | Where it is in its life.

struct NamespaceSpec | What has to happen before a namespace can go.
   1 finalizers []string? list=atomic | Who has to finish something first.

struct NamespaceStatus | Where a namespace is in its life.
   1 phase      NamespacePhase?       =Active | Active, or Terminating while its content is being deleted.
   2 conditions []NamespaceCondition? patch=merge:type list=map:type | What its deletion waits for.

struct NamespaceCondition | One aspect of a namespace's deletion.
   1 type               string  | Which aspect.
   2 status             string  | True, False or Unknown.
   4 lastTransitionTime Time?   | When the status last changed.
   5 reason             string? | Why, as one word for programs.
   6 message            string? | Why, as a sentence for people.

kind ConfigMap | Configuration that pods can read, as files or environment variables.
   1 metadata   ObjectMeta? | Name, namespace, labels and the like.
   2 data       {}string?   | Entries of text.
   3 binaryData {}bytes?    | Entries of bytes, in base64.
   4 immutable  *bool?      | True keeps the entries as they are.

kind Secret | Confidential entries that pods can read, as files or environment variables.
   1 metadata   ObjectMeta?         | Name, namespace, labels and the like.
   2 data       {}bytes?            | The entries, in base64.
   3 type       string?     =Opaque | What the entries are for.
   4 stringData {}string?           | Entries as plain text, for writing only: they are merged into data.
   5 immutable  *bool?              | True keeps the entries as they are.

kind ServiceAccount | An identity for pods.
   1 metadata                     ObjectMeta?             | Name, namespace, labels and the like.
   2 secrets                      []ObjectReference?      patch=merge:name list=map:name | Secrets that pods of this account may use.
   3 imagePullSecrets             []LocalObjectReference? list=atomic | Secrets for registries, given to each pod of this account.
   4 automountServiceAccountToken *bool?                  | Whether pods get a token; the pod's own word wins.

kind Event | Something that happened to an object. Kept for an hour.
   1 metadata           ObjectMeta                 | Name, namespace, labels and the like.
   2 involvedObject     ObjectReference            | The object.
   3 reason             string?                    | What happened, as one word for programs.
   4 message            string?                    | What happened, as a sentence for people.
   5 source             EventSource?               | Who reports it.
   6 firstTimestamp     Time?                      | When it happened first.
   7 lastTimestamp      Time?                      | When it happened last.
   8 count              int32?                     | How often it happened.
   9 type               string?                    | Normal or Warning.
  10 eventTime          MicroTime?                 | When it was first seen, with microseconds.
  11 series             *EventSeries?              | How it goes on, when it repeats.
  12 action             string?                    | What the reporter did, or failed to do.
  13 related            *ObjectReference?          | A second object that takes part.
  14 reportingComponent string            optional | Who reports it: the controller's name.
  15 reportingInstance  string            optional | Which instance of it.

struct EventSource | Who reports an event.
   1 component string? | Name of the part.
   2 host      string? | The node that it runs on.

struct EventSeries | An event that repeats.
   1 count            int32?     | How often it has happened in this series.
   2 lastObservedTime MicroTime? | When it happened last.
`,
};
