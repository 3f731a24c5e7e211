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

struct PodSecurityContext
   1 seLinuxOptions           *SELinuxOptions?
   2 runAsUser                *int64?
   3 runAsNonRoot             *bool?
   4 supplementalGroups       []int64?                        list=atomic
   5 fsGroup                  *int64?
   6 runAsGroup               *int64?
   7 sysctls                  []Sysctl?                       list=atomic
   8 windowsOptions           *WindowsSecurityContextOptions?
   9 fsGroupChangePolicy      *PodFSGroupChangePolicy?
  10 seccompProfile           *SeccompProfile?
  11 appArmorProfile          *AppArmorProfile?
  12 supplementalGroupsPolicy *SupplementalGroupsPolicy?
  13 seLinuxChangePolicy      *string?

struct Sysctl
   1 name  string
   2 value string

struct Affinity
   1 nodeAffinity    *NodeAffinity?
   2 podAffinity     *PodAffinity?
   3 podAntiAffinity *PodAntiAffinity?

struct NodeAffinity
   1 requiredDuringSchedulingIgnoredDuringExecution  *NodeSelector?
   2 preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm? list=atomic

struct NodeSelector atomic
   1 nodeSelectorTerms []NodeSelectorTerm list=atomic

struct NodeSelectorTerm atomic
   1 matchExpressions []NodeSelectorRequirement? list=atomic
   2 matchFields      []NodeSelectorRequirement? list=atomic

struct NodeSelectorRequirement
   1 key      string
   2 operator NodeSelectorOperator
   3 values   []string?            list=atomic

struct PreferredSchedulingTerm
   1 weight     int32
   2 preference NodeSelectorTerm

struct PodAffinity
   1 requiredDuringSchedulingIgnoredDuringExecution  []PodAffinityTerm?         list=atomic
   2 preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm? list=atomic

struct PodAffinityTerm
   1 labelSelector     *LabelSelector?
   2 namespaces        []string?       list=atomic
   3 topologyKey       string
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

struct PodReadinessGate
   1 conditionType string

struct TopologySpreadConstraint
   1 maxSkew            int32
   2 topologyKey        string
   3 whenUnsatisfiable  UnsatisfiableConstraintAction
   4 labelSelector      *LabelSelector?
   5 minDomains         *int32?
   6 nodeAffinityPolicy *NodeInclusionPolicy?
   7 nodeTaintsPolicy   *NodeInclusionPolicy?
   8 matchLabelKeys     []string?                     list=atomic

struct PodOS
   1 name string

struct PodSchedulingGate
   1 name string

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
  14 resize                     string?
  15 resourceClaimStatuses      []PodResourceClaimStatus? patch=merge,retainKeys:name list=map:name
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
   1 metadata ObjectMeta?
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
