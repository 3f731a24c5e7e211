import type { Table } from "../parse-tables.ts";

/** Workloads (apps/v1). */
export const appsTable: Table = {
  name: "apps",
  text: `
enum DeploymentStrategyType = Recreate RollingUpdate
enum PodManagementPolicyType = OrderedReady Parallel
enum StatefulSetUpdateStrategyType = OnDelete RollingUpdate

kind Deployment
   1 metadata ObjectMeta?
   2 spec     DeploymentSpec?
   3 status   DeploymentStatus?

struct DeploymentSpec
   1 replicas                *int32?             =1
   2 selector                *LabelSelector
   3 template                PodTemplateSpec
   4 strategy                DeploymentStrategy? patch=retainKeys
   5 minReadySeconds         int32?
   6 revisionHistoryLimit    *int32?             =10
   7 paused                  bool?
   9 progressDeadlineSeconds *int32?             =600

struct DeploymentStrategy
   1 type          DeploymentStrategyType?   =RollingUpdate
   2 rollingUpdate *RollingUpdateDeployment?

struct RollingUpdateDeployment
   1 maxUnavailable *IntOrString? =25%
   2 maxSurge       *IntOrString? =25%

struct DeploymentStatus
   1 observedGeneration  int64?
   2 replicas            int32?
   3 updatedReplicas     int32?
   4 availableReplicas   int32?
   5 unavailableReplicas int32?
   6 conditions          []DeploymentCondition? patch=merge:type list=map:type
   7 readyReplicas       int32?
   8 collisionCount      *int32?
   9 terminatingReplicas *int32?

struct DeploymentCondition
   1 type               string
   2 status             string
   4 reason             string?
   5 message            string?
   6 lastUpdateTime     Time?
   7 lastTransitionTime Time?

kind ReplicaSet
   1 metadata ObjectMeta?
   2 spec     ReplicaSetSpec?
   3 status   ReplicaSetStatus?

struct ReplicaSetSpec
   1 replicas        *int32?          =1
   2 selector        *LabelSelector
   3 template        PodTemplateSpec?
   4 minReadySeconds int32?

struct ReplicaSetStatus
   1 replicas             int32
   2 fullyLabeledReplicas int32?
   3 observedGeneration   int64?
   4 readyReplicas        int32?
   5 availableReplicas    int32?
   6 conditions           []ReplicaSetCondition? patch=merge:type list=map:type
   7 terminatingReplicas  *int32?

struct ReplicaSetCondition
   1 type               string
   2 status             string
   3 lastTransitionTime Time?
   4 reason             string?
   5 message            string?

kind StatefulSet
   1 metadata ObjectMeta?
   2 spec     StatefulSetSpec?
   3 status   StatefulSetStatus?

struct StatefulSetSpec
   1 replicas                             *int32?                                           =1
   2 selector                             *LabelSelector
   3 template                             PodTemplateSpec
   4 volumeClaimTemplates                 []PersistentVolumeClaim?                          list=atomic
   5 serviceName                          string                                            optional
   6 podManagementPolicy                  PodManagementPolicyType?                          =OrderedReady
   7 updateStrategy                       StatefulSetUpdateStrategy?
   8 revisionHistoryLimit                 *int32?                                           =10
   9 minReadySeconds                      int32?
  10 persistentVolumeClaimRetentionPolicy *StatefulSetPersistentVolumeClaimRetentionPolicy? ={}
  11 ordinals                             *StatefulSetOrdinals?

struct StatefulSetUpdateStrategy
   1 type          StatefulSetUpdateStrategyType?     =RollingUpdate
   2 rollingUpdate *RollingUpdateStatefulSetStrategy?

struct RollingUpdateStatefulSetStrategy
   1 partition      *int32?       =0
   2 maxUnavailable *IntOrString?

struct StatefulSetPersistentVolumeClaimRetentionPolicy
   1 whenDeleted string? =Retain
   2 whenScaled  string? =Retain

struct StatefulSetOrdinals
   1 start int32 optional

struct StatefulSetStatus
   1 observedGeneration int64?
   2 replicas           int32
   3 readyReplicas      int32?
   4 currentReplicas    int32?
   5 updatedReplicas    int32?
   6 currentRevision    string?
   7 updateRevision     string?
   9 collisionCount     *int32?
  10 conditions         []StatefulSetCondition? patch=merge:type list=map:type
  11 availableReplicas  int32                   optional

struct StatefulSetCondition
   1 type               string
   2 status             string
   3 lastTransitionTime Time?
   4 reason             string?
   5 message            string?

kind ControllerRevision
   1 metadata ObjectMeta?
   2 data     RawExtension?
   3 revision int64
`,
};
