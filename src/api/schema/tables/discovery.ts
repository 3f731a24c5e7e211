import type { Table } from "../parse-tables.ts";

/** EndpointSlices (discovery.k8s.io/v1). */
export const discoveryTable: Table = {
  name: "discovery",
  text: `
enum AddressType = FQDN IPv4 IPv6

kind EndpointSlice
   1 metadata    ObjectMeta?
   2 endpoints   []Endpoint     list=atomic
   3 ports       []EndpointPort optional list=atomic
   4 addressType AddressType

struct Endpoint
   1 addresses          []string            list=set
   2 conditions         EndpointConditions?
   3 hostname           *string?
   4 targetRef          *ObjectReference?
   5 deprecatedTopology {}string?
   6 nodeName           *string?
   7 zone               *string?
   8 hints              *EndpointHints?

struct EndpointConditions
   1 ready       *bool?
   2 serving     *bool?
   3 terminating *bool?

struct EndpointHints
   1 forZones []ForZone? list=atomic
   2 forNodes []ForNode? list=atomic

struct ForZone
   1 name string

struct ForNode
   1 name string

struct EndpointPort atomic
   1 name        *string?   =""
   2 protocol    *Protocol? =TCP
   3 port        *int32?
   4 appProtocol *string?
`,
};
