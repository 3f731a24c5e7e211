import type { Table } from "../parse-tables.ts";

/** Services and Endpoints (core/v1). */
export const serviceTable: Table = {
  name: "core",
  text: `
enum IPFamily = IPv4 IPv6
enum IPFamilyPolicy = PreferDualStack RequireDualStack SingleStack
enum ServiceAffinity = ClientIP None
enum ServiceExternalTrafficPolicy = Cluster Local
enum ServiceInternalTrafficPolicy = Cluster Local
enum ServiceType = ClusterIP ExternalName LoadBalancer NodePort

kind Service | A stable name and address for a set of pods, or for something outside the cluster.
   1 metadata ObjectMeta?    | Name, namespace, labels and the like.
   2 spec     ServiceSpec?   | What is wanted.
   3 status   ServiceStatus? | What load balancers report.

struct ServiceSpec | What a Service is to offer, and how.
   1 ports                         []ServicePort?                 patch=merge:port list=map:port,protocol | The ports that clients call; needed unless the Service is headless or an ExternalName.
   2 selector                      {}string?                      atomic | Labels of the pods behind the Service. Without it, somebody else writes the endpoints.
   3 clusterIP                     string?                        | The address inside the cluster: allocated, wished for, or None for a headless Service.
   4 type                          ServiceType?                   =ClusterIP | How the Service is reached: inside the cluster, on every node, by a load balancer, or by a DNS alias.
   5 externalIPs                   []string?                      list=atomic | Addresses outside the cluster whose traffic, when it arrives at a node, belongs to the Service.
   7 sessionAffinity               ServiceAffinity?               =None | ClientIP keeps a client at its endpoint; None chooses for each connection.
   8 loadBalancerIP                string?                        | A wish for the load balancer's address. Not all of them listen; deprecated.
   9 loadBalancerSourceRanges      []string?                      list=atomic | The only clients that the load balancer lets in, as ranges of addresses.
  10 externalName                  string?                        | The DNS name that an ExternalName Service is an alias of.
  11 externalTrafficPolicy         ServiceExternalTrafficPolicy?  | Local keeps outside traffic on the node it came to, and the client's address visible.
  12 healthCheckNodePort           int32?                         | Where load balancers ask a node whether it has endpoints (policy Local).
  13 publishNotReadyAddresses      bool?                          | DNS and endpoints show pods also while they are not ready.
  14 sessionAffinityConfig         *SessionAffinityConfig?        | Details of the affinity.
  17 ipFamilyPolicy                *IPFamilyPolicy?               | Whether the Service wants one family of addresses, prefers two, or requires two.
  18 clusterIPs                    []string?                      list=atomic | The addresses, at most one of each family; the first is clusterIP.
  19 ipFamilies                    []IPFamily?                    list=atomic | The families, the primary one first.
  20 allocateLoadBalancerNodePorts *bool?                         | False when the load balancer needs no node ports.
  21 loadBalancerClass             *string?                       | Which kind of load balancer; fixed once set. Absent means the cluster's default.
  22 internalTrafficPolicy         *ServiceInternalTrafficPolicy? | Local keeps traffic from pods on their own node; Cluster spreads it.
  23 trafficDistribution           *string?                       | A preference for endpoints that are near, such as PreferClose.

struct ServicePort | One port of a Service.
   1 name        string?           | Needed, and unique, as soon as there are two ports; DNS and Ingress refer to it.
   2 protocol    Protocol?    =TCP | TCP, UDP or SCTP.
   3 port        int32             | The port that clients call.
   4 targetPort  IntOrString?      | The port of the pods: a number, or a name that each pod's containers resolve. Default: port.
   5 nodePort    int32?            | The port on every node, for NodePort and LoadBalancer; allocated unless wished for.
   6 appProtocol *string?          | What is spoken on the port, as a hint: an IANA name, or one with a prefix.

struct SessionAffinityConfig | Details of session affinity.
   1 clientIP *ClientIPConfig? | Details of affinity by the client's address.

struct ClientIPConfig | Details of affinity by the client's address.
   1 timeoutSeconds *int32? | A client that stays away longer may get another endpoint; 1 to 86400.

struct ServiceStatus | What is known of a Service.
   1 loadBalancer LoadBalancerStatus? | The load balancer, if there is one.
   2 conditions   []Condition?        patch=merge:type list=map:type | Aspects of the Service's state.

struct LoadBalancerStatus | State of a load balancer.
   1 ingress []LoadBalancerIngress? list=atomic | Where clients outside reach the Service.

struct LoadBalancerIngress | One entry point of a load balancer.
   1 ip       string?                   | Its address.
   2 hostname string?                   | Its DNS name, for those that have no fixed address.
   3 ipMode   *string?                  | VIP when traffic comes to nodes with the address as destination, Proxy when it does not.
   4 ports    []PortStatus? list=atomic | State of single ports.

struct PortStatus | State of one port of a load balancer.
   1 port     int32    | The port.
   2 protocol Protocol | Its protocol.
   3 error    *string? | What is wrong with it, as a word in CamelCase.

kind Endpoints | The addresses behind a Service, in the old form: one object, at most 1000 addresses. See EndpointSlice.
   1 metadata ObjectMeta?                   | Name (the Service's), namespace, labels and the like.
   2 subsets  []EndpointSubset? list=atomic | Groups of addresses that share their ports.

struct EndpointSubset | Addresses times ports: every address serves every port.
   1 addresses         []EndpointAddress? list=atomic | Addresses that take traffic.
   2 notReadyAddresses []EndpointAddress? list=atomic | Addresses that take none yet, or no longer.
   3 ports             []EndpointPort?    list=atomic | The ports.

struct EndpointAddress atomic | One address.
   1 ip        string            | The address itself.
   2 targetRef *ObjectReference? | The object, mostly a pod, that has the address.
   3 hostname  string?           | Name that DNS gives the address below a headless Service.
   4 nodeName  *string?          | The node that the address is on.

struct EndpointPort atomic | One port.
   1 name        string?        | The Service port's name; may be missing when there is only one.
   2 port        int32          | The number.
   3 protocol    Protocol? =TCP | TCP, UDP or SCTP.
   4 appProtocol *string?       | What is spoken on the port, as a hint.
`,
};
