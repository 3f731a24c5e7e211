import type { Table } from "../parse-tables.ts";

/** Services and hand-readable Endpoints (core/v1). */
export const serviceTable: Table = {
  name: "core",
  text: `
enum IPFamily = IPv4 IPv6
enum IPFamilyPolicy = PreferDualStack RequireDualStack SingleStack
enum ServiceAffinity = ClientIP None
enum ServiceExternalTrafficPolicy = Cluster Local
enum ServiceInternalTrafficPolicy = Cluster Local
enum ServiceType = ClusterIP ExternalName LoadBalancer NodePort

kind Service
   1 metadata ObjectMeta?
   2 spec     ServiceSpec?
   3 status   ServiceStatus?

struct ServiceSpec
   1 ports                         []ServicePort?                 patch=merge:port list=map:port,protocol
   2 selector                      {}string?                      atomic
   3 clusterIP                     string?
   4 type                          ServiceType?                   =ClusterIP
   5 externalIPs                   []string?                      list=atomic
   7 sessionAffinity               ServiceAffinity?               =None
   8 loadBalancerIP                string?
   9 loadBalancerSourceRanges      []string?                      list=atomic
  10 externalName                  string?
  11 externalTrafficPolicy         ServiceExternalTrafficPolicy?
  12 healthCheckNodePort           int32?
  13 publishNotReadyAddresses      bool?
  14 sessionAffinityConfig         *SessionAffinityConfig?
  17 ipFamilyPolicy                *IPFamilyPolicy?
  18 clusterIPs                    []string?                      list=atomic
  19 ipFamilies                    []IPFamily?                    list=atomic
  20 allocateLoadBalancerNodePorts *bool?
  21 loadBalancerClass             *string?
  22 internalTrafficPolicy         *ServiceInternalTrafficPolicy?
  23 trafficDistribution           *string?

struct ServicePort
   1 name        string?
   2 protocol    Protocol?    =TCP
   3 port        int32
   4 targetPort  IntOrString?
   5 nodePort    int32?
   6 appProtocol *string?

struct SessionAffinityConfig
   1 clientIP *ClientIPConfig?

struct ClientIPConfig
   1 timeoutSeconds *int32?

struct ServiceStatus
   1 loadBalancer LoadBalancerStatus?
   2 conditions   []Condition?        patch=merge:type list=map:type

struct LoadBalancerStatus
   1 ingress []LoadBalancerIngress? list=atomic

struct LoadBalancerIngress
   1 ip       string?
   2 hostname string?
   3 ipMode   *string?
   4 ports    []PortStatus? list=atomic

struct PortStatus
   1 port     int32
   2 protocol Protocol
   3 error    *string?

kind Endpoints
   1 metadata ObjectMeta?
   2 subsets  []EndpointSubset? list=atomic

struct EndpointSubset
   1 addresses         []EndpointAddress? list=atomic
   2 notReadyAddresses []EndpointAddress? list=atomic
   3 ports             []EndpointPort?    list=atomic

struct EndpointAddress atomic
   1 ip        string
   2 targetRef *ObjectReference?
   3 hostname  string?
   4 nodeName  *string?

struct EndpointPort atomic
   1 name        string?
   2 port        int32
   3 protocol    Protocol? =TCP
   4 appProtocol *string?
`,
};
