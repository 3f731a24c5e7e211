import type { Table } from "../parse-tables.ts";

/** Pods, pod templates and where a pod may run (core/v1). */
export const podTable: Table = {
  name: "core",
  text: `
enum DNSPolicy = ClusterFirst ClusterFirstWithHostNet Default None
enum NodeInclusionPolicy = Honor Ignore
enum NodeSelectorOperator = DoesNotExist Exists Gt In Lt NotIn
enum PodFSGroupChangePolicy = Always OnRootMismatch
enum PodPhase = Failed Pending Running Succeeded Unknown
enum PodQOSClass = BestEffort Burstable Guaranteed
enum PreemptionPolicy = Never PreemptLowerPriority
enum RestartPolicy = Always Never OnFailure
enum SupplementalGroupsPolicy = Merge Strict
enum TaintEffect = NoExecute NoSchedule PreferNoSchedule
enum TolerationOperator = Equal Exists
enum UnsatisfiableConstraintAction = DoNotSchedule ScheduleAnyway

kind Pod | Containers that run together on one node and share its network namespace and volumes.
   1 metadata ObjectMeta? | Name, namespace, labels and the like.
   2 spec     PodSpec?    | What is to run.
   3 status   PodStatus?  | What runs; written by the node's agent.

struct PodSpec | What is to run, where, and how.
   1 volumes                       []Volume?                   patch=merge,retainKeys:name list=map:name | Directories that the containers can mount.
   2 containers                    []Container                 patch=merge:name list=map:name | The containers; at least one. Their number is fixed once the pod exists.
   3 restartPolicy                 RestartPolicy?              =Always | When containers are started again: Always, OnFailure or Never.
   4 terminationGracePeriodSeconds *int64?                     =30 | Time from the polite end to the hard one.
   5 activeDeadlineSeconds         *int64?                     | The pod fails when it has run for this long.
   6 dnsPolicy                     DNSPolicy?                  =ClusterFirst | Where names are resolved: the cluster's DNS first, the node's resolvers, or dnsConfig alone.
   7 nodeSelector                  {}string?                   atomic | Labels that the node must have.
   8 serviceAccountName            string?                     | The account whose token the pod gets.
   9 serviceAccount                string?                     | Old name of serviceAccountName.
  10 nodeName                      string?                     | The node that the pod runs on; set by the scheduler.
  11 hostNetwork                   bool?                       | The pod uses the node's network and has no address of its own.
  12 hostPID                       bool?                       | The pod sees the node's processes.
  13 hostIPC                       bool?                       | The pod shares the node's IPC.
  14 securityContext               *PodSecurityContext?        ={} | Users, groups and privileges of all containers.
  15 imagePullSecrets              []LocalObjectReference?     patch=merge:name list=map:name | Secrets for registries that ask who one is.
  16 hostname                      string?                     | The pod's host name; default is its name.
  17 subdomain                     string?                     | With hostname, the pod has a DNS name below the headless Service of this name.
  18 affinity                      *Affinity?                  | Rules about nodes and neighbours.
  19 schedulerName                 string?                     =default-scheduler | Which scheduler places the pod.
  20 initContainers                []Container?                patch=merge:name list=map:name | Run to their end one after the other, before the containers start.
  21 automountServiceAccountToken  *bool?                      | False keeps the account's token out of the pod.
  22 tolerations                   []Toleration?               list=atomic | Taints of nodes that do not keep the pod away.
  23 hostAliases                   []HostAlias?                patch=merge:ip list=map:ip | Further lines of the pod's hosts file.
  24 priorityClassName             string?                     | Class of the pod's priority.
  25 priority                      *int32?                     | The priority itself; higher comes first.
  26 dnsConfig                     *PodDNSConfig?              | Servers, search list and options that are added to what dnsPolicy gives.
  27 shareProcessNamespace         *bool?                      | The containers see each other's processes.
  28 readinessGates                []PodReadinessGate?         list=atomic | Conditions that others set, and that must be True for the pod to be ready.
  29 runtimeClassName              *string?                    | Which container runtime runs the pod.
  30 enableServiceLinks            *bool?                      | Containers get environment variables for the namespace's Services.
  31 preemptionPolicy              *PreemptionPolicy?          | Whether the pod may push others of lower priority away.
  32 overhead                      {}Quantity?                 | What the runtime itself needs for the pod.
  33 topologySpreadConstraints     []TopologySpreadConstraint? patch=merge:topologyKey list=map:topologyKey,whenUnsatisfiable | How evenly pods are to be spread over nodes or zones.
  34 ephemeralContainers           []EphemeralContainer?       patch=merge:name list=map:name | Added to a running pod, to look into it.
  35 setHostnameAsFQDN             *bool?                      | The kernel's host name is the full DNS name.
  36 os                            *PodOS?                     | The operating system that the containers need.
  37 hostUsers                     *bool?                      | False gives the pod a user namespace of its own.
  38 schedulingGates               []PodSchedulingGate?        patch=merge:name list=map:name | As long as there is one, the pod is not placed.
  39 resourceClaims                []PodResourceClaim?         patch=merge,retainKeys:name list=map:name | Devices that the pod claims.
  40 resources                     *ResourceRequirements?      | Amounts for all containers together.

struct PodSecurityContext | Users, groups and privileges of all containers.
   1 seLinuxOptions           *SELinuxOptions?
   2 runAsUser                *int64?                                     | The user that programs run as.
   3 runAsNonRoot             *bool?                                      | Refuse to run as root.
   4 supplementalGroups       []int64?                        list=atomic | Further groups of programs.
   5 fsGroup                  *int64?                                     | The group that owns the volumes.
   6 runAsGroup               *int64?                                     | The group that programs run as.
   7 sysctls                  []Sysctl?                       list=atomic | Settings of the kernel for the pod's namespaces.
   8 windowsOptions           *WindowsSecurityContextOptions?
   9 fsGroupChangePolicy      *PodFSGroupChangePolicy?
  10 seccompProfile           *SeccompProfile?
  11 appArmorProfile          *AppArmorProfile?
  12 supplementalGroupsPolicy *SupplementalGroupsPolicy?
  13 seLinuxChangePolicy      *string?

struct Sysctl | A setting of the kernel.
   1 name  string | Its name.
   2 value string | Its value.

struct Affinity | Rules about nodes and neighbours.
   1 nodeAffinity    *NodeAffinity?    | Nodes that the pod needs or likes.
   2 podAffinity     *PodAffinity?     | Pods that it wants to be near.
   3 podAntiAffinity *PodAntiAffinity? | Pods that it wants to be far from.

struct NodeAffinity | Nodes that a pod needs or likes.
   1 requiredDuringSchedulingIgnoredDuringExecution  *NodeSelector?                         | Only these nodes will do.
   2 preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm? list=atomic | These nodes are better, by their weights.

struct NodeSelector atomic | Chooses nodes: one of the terms must hold.
   1 nodeSelectorTerms []NodeSelectorTerm list=atomic | The terms.

struct NodeSelectorTerm atomic | All of its requirements must hold.
   1 matchExpressions []NodeSelectorRequirement? list=atomic | Requirements of labels.
   2 matchFields      []NodeSelectorRequirement? list=atomic | Requirements of fields.

struct NodeSelectorRequirement | One requirement of nodes.
   1 key      string                           | The label or field.
   2 operator NodeSelectorOperator             | How its value is judged.
   3 values   []string?            list=atomic | The values to compare with.

struct PreferredSchedulingTerm
   1 weight     int32
   2 preference NodeSelectorTerm

struct PodAffinity
   1 requiredDuringSchedulingIgnoredDuringExecution  []PodAffinityTerm?         list=atomic
   2 preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm? list=atomic

struct PodAffinityTerm | Pods, and what counts as near.
   1 labelSelector     *LabelSelector?             | The pods.
   2 namespaces        []string?       list=atomic | Their namespaces; default is the pod's own.
   3 topologyKey       string                      | Nodes with the same value of this label are near.
   4 namespaceSelector *LabelSelector?
   5 matchLabelKeys    []string?       list=atomic
   6 mismatchLabelKeys []string?       list=atomic

struct WeightedPodAffinityTerm
   1 weight          int32
   2 podAffinityTerm PodAffinityTerm

struct PodAntiAffinity
   1 requiredDuringSchedulingIgnoredDuringExecution  []PodAffinityTerm?         list=atomic
   2 preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm? list=atomic

struct Toleration | A taint that does not keep the pod away.
   1 key               string?             | The taint's key; empty with Exists means every taint.
   2 operator          TolerationOperator? | Equal compares the value, Exists does not.
   3 value             string?             | The value for Equal.
   4 effect            TaintEffect?        | The effect that is tolerated; empty means all.
   5 tolerationSeconds *int64?             | For NoExecute: how long the pod may stay. Absent means for ever.

struct HostAlias | A line of a hosts file.
   1 ip        string                | The address.
   2 hostnames []string? list=atomic | Its names.

struct PodDNSConfig | What is added to a pod's resolver configuration.
   1 nameservers []string?             list=atomic | Addresses of servers; at most three in all.
   2 searches    []string?             list=atomic | Domains to complete short names with.
   3 options     []PodDNSConfigOption? list=atomic | Options of the resolver; one here replaces one of the same name.

struct PodDNSConfigOption | An option of the resolver.
   1 name  string?  | Its name, such as ndots.
   2 value *string? | Its value, if it takes one.

struct PodReadinessGate | A condition that others set.
   1 conditionType string | Its type.

struct TopologySpreadConstraint | How evenly pods are to be spread.
   1 maxSkew            int32                         | By how many pods two places may differ.
   2 topologyKey        string                        | Nodes with the same value of this label are one place.
   3 whenUnsatisfiable  UnsatisfiableConstraintAction | What to do when it can't be: wait, or place the pod all the same.
   4 labelSelector      *LabelSelector?               | The pods that are counted.
   5 minDomains         *int32?
   6 nodeAffinityPolicy *NodeInclusionPolicy?
   7 nodeTaintsPolicy   *NodeInclusionPolicy?
   8 matchLabelKeys     []string?                     list=atomic

struct PodOS
   1 name string

struct PodSchedulingGate | Something that placement waits for.
   1 name string | Its name.

struct PodResourceClaim
   1 name                      string
   3 resourceClaimName         *string?
   4 resourceClaimTemplateName *string?

struct PodStatus | What runs, and how it is.
   1 phase                      PodPhase?                 | Where the pod is in its life: Pending, Running, Succeeded, Failed or Unknown.
   2 conditions                 []PodCondition?           patch=merge:type list=map:type | Aspects of its state: PodScheduled, Initialized, ContainersReady, Ready.
   3 message                    string?                   | Why it is so, as a sentence for people.
   4 reason                     string?                   | Why it is so, as one word for programs.
   5 hostIP                     string?                   | Address of its node.
   6 podIP                      string?                   | Its address.
   7 startTime                  *Time?                    | When the node's agent took the pod on.
   8 containerStatuses          []ContainerStatus?        list=atomic | State of each container.
   9 qosClass                   PodQOSClass?              | How the pod fares when the node runs short.
  10 initContainerStatuses      []ContainerStatus?        list=atomic | State of each init container.
  11 nominatedNodeName          string?                   | Where it will run once others have been pushed away.
  12 podIPs                     []PodIP?                  patch=merge:ip list=map:ip | Its addresses, at most one of each family; the first is podIP.
  13 ephemeralContainerStatuses []ContainerStatus?        list=atomic | State of each ephemeral container.
  14 resize                     string?                   | How far a change of amounts has come.
  15 resourceClaimStatuses      []PodResourceClaimStatus? patch=merge,retainKeys:name list=map:name | State of the claimed devices.
  16 hostIPs                    []HostIP?                 patch=merge:ip list=atomic | Addresses of its node, one of each family.
  17 observedGeneration         int64?                    | The generation that the node's agent has acted on.

struct PodCondition | One aspect of a pod's state.
   1 type               string  | Which aspect.
   2 status             string  | True, False or Unknown.
   3 lastProbeTime      Time?   | When it was last looked at.
   4 lastTransitionTime Time?   | When the status last changed.
   5 reason             string? | Why, as one word for programs.
   6 message            string? | Why, as a sentence for people.
   7 observedGeneration int64?  | The generation that was judged.

struct HostIP | One address of a pod's node.
   1 ip string | The address.

struct PodIP | One address of a pod.
   1 ip string | The address.

struct PodResourceClaimStatus
   1 name              string
   2 resourceClaimName *string?

kind Binding | Says on which node a pod is to run.
   1 metadata ObjectMeta?     | Name and namespace of the pod.
   2 target   ObjectReference | The node.

struct PodTemplateSpec | What pods are made from.
   1 metadata ObjectMeta? | Labels and annotations of the pods.
   2 spec     PodSpec?    | What is to run.

struct ObjectReference atomic | Names an object, in this namespace or elsewhere.
   1 kind            string? | Its kind.
   2 namespace       string? | Its namespace.
   3 name            string? | Its name.
   4 uid             string? | Its UID.
   5 apiVersion      string? | Its group and version.
   6 resourceVersion string? | The version that is meant, if it matters.
   7 fieldPath       string? | The part that is meant, such as spec.containers{web}.
`,
};
