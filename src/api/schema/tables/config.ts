import type { Table } from "../parse-tables.ts";

/** Namespaces, configuration, service accounts and events (core/v1). */
export const configTable: Table = {
  name: "core",
  text: `
enum NamespacePhase = Active Terminating

kind Namespace
   1 metadata ObjectMeta?
   2 spec     NamespaceSpec?
   3 status   NamespaceStatus?

struct NamespaceSpec
   1 finalizers []string? list=atomic

struct NamespaceStatus
   1 phase      NamespacePhase?       =Active
   2 conditions []NamespaceCondition? patch=merge:type list=map:type

struct NamespaceCondition
   1 type               string
   2 status             string
   4 lastTransitionTime Time?
   5 reason             string?
   6 message            string?

kind ConfigMap
   1 metadata   ObjectMeta?
   2 data       {}string?
   3 binaryData {}bytes?
   4 immutable  *bool?

kind Secret
   1 metadata   ObjectMeta?
   2 data       {}bytes?
   3 type       string?     =Opaque
   4 stringData {}string?
   5 immutable  *bool?

kind ServiceAccount
   1 metadata                     ObjectMeta?
   2 secrets                      []ObjectReference?      patch=merge:name list=map:name
   3 imagePullSecrets             []LocalObjectReference? list=atomic
   4 automountServiceAccountToken *bool?

kind Event
   1 metadata           ObjectMeta
   2 involvedObject     ObjectReference
   3 reason             string?
   4 message            string?
   5 source             EventSource?
   6 firstTimestamp     Time?
   7 lastTimestamp      Time?
   8 count              int32?
   9 type               string?
  10 eventTime          MicroTime?
  11 series             *EventSeries?
  12 action             string?
  13 related            *ObjectReference?
  14 reportingComponent string            optional
  15 reportingInstance  string            optional

struct EventSource
   1 component string?
   2 host      string?

struct EventSeries
   1 count            int32?
   2 lastObservedTime MicroTime?
`,
};
