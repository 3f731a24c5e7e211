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

kind Pod
   1 metadata ObjectMeta?
   2 spec     PodSpec?
   3 status   PodStatus?

struct PodSpec
   1 volumes                       []Volume?                   patch=merge,retainKeys:name list=map:name
   2 containers                    []Container                 patch=merge:name list=map:name
   3 restartPolicy                 RestartPolicy?              =Always
   4 terminationGracePeriodSeconds *int64?                     =30
   5 activeDeadlineSeconds         *int64?
   6 dnsPolicy                     DNSPolicy?                  =ClusterFirst
   7 nodeSelector                  {}string?                   atomic
   8 serviceAccountName            string?
   9 serviceAccount                string?
  10 nodeName                      string?
  11 hostNetwork                   bool?
  12 hostPID                       bool?
  13 hostIPC                       bool?
  14 securityContext               *PodSecurityContext?        ={}
  15 imagePullSecrets              []LocalObjectReference?     patch=merge:name list=map:name
  16 hostname                      string?
  17 subdomain                     string?
  18 affinity                      *Affinity?
  19 schedulerName                 string?                     =default-scheduler
  20 initContainers                []Container?                patch=merge:name list=map:name
  21 automountServiceAccountToken  *bool?
  22 tolerations                   []Toleration?               list=atomic
  23 hostAliases                   []HostAlias?                patch=merge:ip list=map:ip
  24 priorityClassName             string?
  25 priority                      *int32?
  26 dnsConfig                     *PodDNSConfig?
  27 shareProcessNamespace         *bool?
  28 readinessGates                []PodReadinessGate?         list=atomic
  29 runtimeClassName              *string?
  30 enableServiceLinks            *bool?
  31 preemptionPolicy              *PreemptionPolicy?
  32 overhead                      {}Quantity?
  33 topologySpreadConstraints     []TopologySpreadConstraint? patch=merge:topologyKey list=map:topologyKey,whenUnsatisfiable
  34 ephemeralContainers           []EphemeralContainer?       patch=merge:name list=map:name
  35 setHostnameAsFQDN             *bool?
  36 os                            *PodOS?
  37 hostUsers                     *bool?
  38 schedulingGates               []PodSchedulingGate?        patch=merge:name list=map:name
  39 resourceClaims                []PodResourceClaim?         patch=merge,retainKeys:name list=map:name
  40 resources                     *ResourceRequirements?

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

struct Toleration
   1 key               string?
   2 operator          TolerationOperator?
   3 value             string?
   4 effect            TaintEffect?
   5 tolerationSeconds *int64?

struct HostAlias
   1 ip        string
   2 hostnames []string? list=atomic

struct PodDNSConfig
   1 nameservers []string?             list=atomic
   2 searches    []string?             list=atomic
   3 options     []PodDNSConfigOption? list=atomic

struct PodDNSConfigOption
   1 name  string?
   2 value *string?

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

struct PodStatus
   1 phase                      PodPhase?
   2 conditions                 []PodCondition?           patch=merge:type list=map:type
   3 message                    string?
   4 reason                     string?
   5 hostIP                     string?
   6 podIP                      string?
   7 startTime                  *Time?
   8 containerStatuses          []ContainerStatus?        list=atomic
   9 qosClass                   PodQOSClass?
  10 initContainerStatuses      []ContainerStatus?        list=atomic
  11 nominatedNodeName          string?
  12 podIPs                     []PodIP?                  patch=merge:ip list=map:ip
  13 ephemeralContainerStatuses []ContainerStatus?        list=atomic
  14 resize                     string?
  15 resourceClaimStatuses      []PodResourceClaimStatus? patch=merge,retainKeys:name list=map:name
  16 hostIPs                    []HostIP?                 patch=merge:ip list=atomic
  17 observedGeneration         int64?

struct PodCondition
   1 type               string
   2 status             string
   3 lastProbeTime      Time?
   4 lastTransitionTime Time?
   5 reason             string?
   6 message            string?
   7 observedGeneration int64?

struct HostIP
   1 ip string

struct PodIP
   1 ip string

struct PodResourceClaimStatus
   1 name              string
   2 resourceClaimName *string?

kind Binding
   1 metadata ObjectMeta?
   2 target   ObjectReference

struct PodTemplateSpec
   1 metadata ObjectMeta?
   2 spec     PodSpec?

struct ObjectReference atomic
   1 kind            string?
   2 namespace       string?
   3 name            string?
   4 uid             string?
   5 apiVersion      string?
   6 resourceVersion string?
   7 fieldPath       string?
`,
};
