import type { Table } from "../parse-tables.ts";

/** EndpointSlices (discovery.k8s.io/v1). */
export const discoveryTable: Table = {
  name: "discovery",
  text: `
enum AddressType = FQDN IPv4 IPv6

kind EndpointSlice | A part of the addresses behind a Service: one family, one set of ports, at most 1000 endpoints.
   1 metadata    ObjectMeta?    | Name, namespace; the label kubernetes.io/service-name names the Service.
   2 endpoints   []Endpoint     list=atomic | The endpoints.
   3 ports       []EndpointPort optional list=atomic | The ports that every endpoint of the slice has.
   4 addressType AddressType    | The family that all addresses are of; fixed once set.

struct Endpoint | One backend.
   1 addresses          []string            list=set | Its addresses, all of the slice's family; users take the first.
   2 conditions         EndpointConditions?          | Whether it takes traffic.
   3 hostname           *string?                     | Name that DNS gives it below a headless Service.
   4 targetRef          *ObjectReference?            | The object, mostly a pod, behind it.
   5 deprecatedTopology {}string?                    | What older versions said about its place; read-only.
   6 nodeName           *string?                     | The node that it is on.
   7 zone               *string?                     | The zone that it is in.
   8 hints              *EndpointHints?              | Who should use it.

struct EndpointConditions | Whether an endpoint takes traffic.
   1 ready       *bool? | It takes new traffic; absent means yes. Never true while it terminates.
   2 serving     *bool? | It could answer, also while it terminates; absent means the same as ready.
   3 terminating *bool? | It is on its way out; absent means no.

struct EndpointHints | Who should use an endpoint.
   1 forZones []ForZone? list=atomic | Clients in these zones.
   2 forNodes []ForNode? list=atomic | Clients on these nodes.

struct ForZone | A zone.
   1 name string | Name of the zone.

struct ForNode | A node.
   1 name string | Name of the node.

struct EndpointPort atomic | One port of a slice.
   1 name        *string?   =""  | The Service port's name; unique in the slice, empty when there is only one.
   2 protocol    *Protocol? =TCP | TCP, UDP or SCTP.
   3 port        *int32?         | The number.
   4 appProtocol *string?        | What is spoken on the port, as a hint.
`,
};
