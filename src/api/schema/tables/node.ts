import type { Table } from "../parse-tables.ts";

/** Nodes (core/v1). */
export const nodeTable: Table = {
  name: "core",
  text: `
enum NodePhase = Pending Running Terminated

kind Node | A machine that runs pods.
   1 metadata ObjectMeta? | Name, labels and the like.
   2 spec     NodeSpec?   | What is wanted of the machine.
   3 status   NodeStatus? | How the machine is; written by its agent.

struct NodeSpec | What is wanted of a machine.
   1 podCIDR       string?            | The range that its pods' addresses come from.
   2 externalID    string?            | Not used any more.
   3 providerID    string?            | What the provider calls the machine.
   4 unschedulable bool?              | No new pods are placed here (kubectl cordon).
   5 taints        []Taint?           list=atomic | Marks that keep pods away which do not tolerate them.
   6 configSource  *NodeConfigSource? | Not used any more.
   7 podCIDRs      []string?          patch=merge list=set | The ranges, at most one of each family; the first is podCIDR.

struct Taint | A mark that keeps pods away.
   1 key       string      | Its key.
   2 value     string?     | Its value.
   3 effect    TaintEffect | NoSchedule and PreferNoSchedule concern new pods, NoExecute also those that run.
   4 timeAdded *Time?      | When a NoExecute taint was added.

struct NodeConfigSource
   2 configMap *ConfigMapNodeConfigSource?

struct ConfigMapNodeConfigSource
   1 namespace        string
   2 name             string
   3 uid              string?
   4 resourceVersion  string?
   5 kubeletConfigKey string

struct NodeStatus | How a machine is.
   1 capacity        {}Quantity?           | All that it has.
   2 allocatable     {}Quantity?           | What of that pods may use.
   3 phase           NodePhase?            | Not used any more.
   4 conditions      []NodeCondition?      patch=merge:type list=map:type | Aspects of its state: Ready, MemoryPressure, DiskPressure, PIDPressure.
   5 addresses       []NodeAddress?        patch=merge:type list=map:type | Its addresses and names.
   6 daemonEndpoints NodeDaemonEndpoints?  | Where its agent listens.
   7 nodeInfo        NodeSystemInfo?       | Which system it runs.
   8 images          []ContainerImage?     list=atomic | Images that it holds.
   9 volumesInUse    []string?             list=atomic | Volumes that it uses.
  10 volumesAttached []AttachedVolume?     list=atomic | Volumes that are attached to it.
  11 config          *NodeConfigStatus?    | Not used any more.
  12 runtimeHandlers []NodeRuntimeHandler? list=atomic | What the container runtime can do.
  13 features        *NodeFeatures?        | What the machine's agent can do.

struct NodeCondition | One aspect of a machine's state.
   1 type               string  | Which aspect.
   2 status             string  | True, False or Unknown.
   3 lastHeartbeatTime  Time?   | When it was last reported.
   4 lastTransitionTime Time?   | When the status last changed.
   5 reason             string? | Why, as one word for programs.
   6 message            string? | Why, as a sentence for people.

struct NodeAddress | An address or name of a machine.
   1 type    string | What it is: InternalIP, ExternalIP, Hostname, InternalDNS or ExternalDNS.
   2 address string | The address or name.

struct NodeDaemonEndpoints | Where a machine's agent listens.
   1 kubeletEndpoint DaemonEndpoint? | The agent's port, for logs and exec.

struct DaemonEndpoint | A port.
   1 Port int32 | The number; for historical reasons the field's name begins with a capital.

struct NodeSystemInfo | Which system a machine runs.
   1 machineID               string           | The machine's own identifier.
   2 systemUUID              string           | The hardware's identifier.
   3 bootID                  string           | Changes with each start.
   4 kernelVersion           string           | Version of the kernel.
   5 osImage                 string           | Name of the distribution.
   6 containerRuntimeVersion string           | What runs the containers.
   7 kubeletVersion          string           | Version of the node's agent.
   8 kubeProxyVersion        string           | Not used any more.
   9 operatingSystem         string           | Such as linux.
  10 architecture            string           | Such as amd64.
  11 swap                    *NodeSwapStatus?

struct NodeSwapStatus
   1 capacity *int64?

struct ContainerImage | An image that a node holds.
   1 names     []string optional list=atomic | Its names.
   2 sizeBytes int64?   | Its size.

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
