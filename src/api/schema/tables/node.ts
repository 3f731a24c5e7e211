import type { Table } from "../parse-tables.ts";

/** Nodes (core/v1). */
export const nodeTable: Table = {
  name: "core",
  text: `
enum NodePhase = Pending Running Terminated

kind Node
   1 metadata ObjectMeta?
   2 spec     NodeSpec?
   3 status   NodeStatus?

struct NodeSpec
   1 podCIDR       string?
   2 externalID    string?
   3 providerID    string?
   4 unschedulable bool?
   5 taints        []Taint?           list=atomic
   6 configSource  *NodeConfigSource?
   7 podCIDRs      []string?          patch=merge list=set

struct Taint
   1 key       string
   2 value     string?
   3 effect    TaintEffect
   4 timeAdded *Time?

struct NodeConfigSource
   2 configMap *ConfigMapNodeConfigSource?

struct ConfigMapNodeConfigSource
   1 namespace        string
   2 name             string
   3 uid              string?
   4 resourceVersion  string?
   5 kubeletConfigKey string

struct NodeStatus
   1 capacity        {}Quantity?
   2 allocatable     {}Quantity?
   3 phase           NodePhase?
   4 conditions      []NodeCondition?      patch=merge:type list=map:type
   5 addresses       []NodeAddress?        patch=merge:type list=map:type
   6 daemonEndpoints NodeDaemonEndpoints?
   7 nodeInfo        NodeSystemInfo?
   8 images          []ContainerImage?     list=atomic
   9 volumesInUse    []string?             list=atomic
  10 volumesAttached []AttachedVolume?     list=atomic
  11 config          *NodeConfigStatus?
  12 runtimeHandlers []NodeRuntimeHandler? list=atomic
  13 features        *NodeFeatures?

struct NodeCondition
   1 type               string
   2 status             string
   3 lastHeartbeatTime  Time?
   4 lastTransitionTime Time?
   5 reason             string?
   6 message            string?

struct NodeAddress
   1 type    string
   2 address string

struct NodeDaemonEndpoints
   1 kubeletEndpoint DaemonEndpoint?

struct DaemonEndpoint
   1 Port int32

struct NodeSystemInfo
   1 machineID               string
   2 systemUUID              string
   3 bootID                  string
   4 kernelVersion           string
   5 osImage                 string
   6 containerRuntimeVersion string
   7 kubeletVersion          string
   8 kubeProxyVersion        string
   9 operatingSystem         string
  10 architecture            string
  11 swap                    *NodeSwapStatus?

struct NodeSwapStatus
   1 capacity *int64?

struct ContainerImage
   1 names     []string optional list=atomic
   2 sizeBytes int64?

struct AttachedVolume
   1 name       string
   2 devicePath string

struct NodeConfigStatus
   1 assigned      *NodeConfigSource?
   2 active        *NodeConfigSource?
   3 lastKnownGood *NodeConfigSource?
   4 error         string?

struct NodeRuntimeHandler
   1 name     string                       optional
   2 features *NodeRuntimeHandlerFeatures?

struct NodeRuntimeHandlerFeatures
   1 recursiveReadOnlyMounts *bool?
   2 userNamespaces          *bool?

struct NodeFeatures
   1 supplementalGroupsPolicy *bool?
`,
};
