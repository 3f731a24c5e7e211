import type { Table } from "../parse-tables.ts";

/** Workloads (apps/v1). */
export const appsTable: Table = {
  name: "apps",
  text: `
enum DeploymentStrategyType = Recreate RollingUpdate
enum PodManagementPolicyType = OrderedReady Parallel
enum StatefulSetUpdateStrategyType = OnDelete RollingUpdate

kind Deployment | Keeps a number of equal pods running, and replaces them step by step when their template changes.
   1 metadata ObjectMeta?       | Name, namespace, labels and the like.
   2 spec     DeploymentSpec?   | What is wanted.
   3 status   DeploymentStatus? | What there is.

struct DeploymentSpec | Which pods, how many, and how to replace them.
   1 replicas                *int32?             =1               | How many pods.
   2 selector                *LabelSelector                       | The labels by which the Deployment knows its pods; must match the template, and is fixed.
   3 template                PodTemplateSpec                      | What the pods are made from.
   4 strategy                DeploymentStrategy? patch=retainKeys | How old pods are replaced by new ones.
   5 minReadySeconds         int32?                               | How long a new pod must have been ready to count as available.
   6 revisionHistoryLimit    *int32?             =10              | How many old ReplicaSets are kept to go back to.
   7 paused                  bool?                                | Changes of the template wait.
   9 progressDeadlineSeconds *int32?             =600             | A roll-out without progress for this long is reported as failed.

struct DeploymentStrategy | How old pods are replaced by new ones.
   1 type          DeploymentStrategyType?   =RollingUpdate | RollingUpdate replaces some at a time, Recreate ends all of them first.
   2 rollingUpdate *RollingUpdateDeployment?                | How many at a time; only with RollingUpdate.

struct RollingUpdateDeployment | How many pods a rolling update touches at a time.
   1 maxUnavailable *IntOrString? =25% | So many, or this share, may be missing during the update; rounded down.
   2 maxSurge       *IntOrString? =25% | So many, or this share, may be there in addition; rounded up.

struct DeploymentStatus | What there is of a Deployment.
   1 observedGeneration  int64?                 | The generation that the controller has acted on.
   2 replicas            int32?                 | Pods that match the selector and do not terminate.
   3 updatedReplicas     int32?                 | Those among them that follow the present template.
   4 availableReplicas   int32?                 | Those that have been ready for minReadySeconds.
   5 unavailableReplicas int32?                 | How many more are needed for the wanted number to be available.
   6 conditions          []DeploymentCondition? patch=merge:type list=map:type | Aspects of its state: Available, Progressing, ReplicaFailure.
   7 readyReplicas       int32?                 | Those that are ready.
   8 collisionCount      *int32?                | Counts hash collisions, to name the next ReplicaSet differently.
   9 terminatingReplicas *int32?                | Those that terminate.

struct DeploymentCondition | One aspect of a Deployment's state.
   1 type               string  | Which aspect.
   2 status             string  | True, False or Unknown.
   4 reason             string? | Why, as one word for programs.
   5 message            string? | Why, as a sentence for people.
   6 lastUpdateTime     Time?   | When it was last looked at.
   7 lastTransitionTime Time?   | When the status last changed.

kind ReplicaSet | Keeps a number of equal pods running. Mostly owned by a Deployment.
   1 metadata ObjectMeta?       | Name, namespace, labels and the like.
   2 spec     ReplicaSetSpec?   | What is wanted.
   3 status   ReplicaSetStatus? | What there is.

struct ReplicaSetSpec | Which pods, and how many.
   1 replicas        *int32?          =1 | How many pods.
   2 selector        *LabelSelector      | The labels by which it knows its pods; must match the template, and is fixed.
   3 template        PodTemplateSpec?    | What the pods are made from.
   4 minReadySeconds int32?              | How long a new pod must have been ready to count as available.

struct ReplicaSetStatus | What there is of a ReplicaSet.
   1 replicas             int32                  | Pods that there are.
   2 fullyLabeledReplicas int32?                 | Those whose labels are those of the template.
   3 observedGeneration   int64?                 | The generation that the controller has acted on.
   4 readyReplicas        int32?                 | Those that are ready.
   5 availableReplicas    int32?                 | Those that have been ready for minReadySeconds.
   6 conditions           []ReplicaSetCondition? patch=merge:type list=map:type | Aspects of its state.
   7 terminatingReplicas  *int32?                | Those that terminate.

struct ReplicaSetCondition
   1 type               string
   2 status             string
   3 lastTransitionTime Time?
   4 reason             string?
   5 message            string?

kind StatefulSet | Keeps numbered pods running, each with a name of its own that stays.
   1 metadata ObjectMeta?        | Name, namespace, labels and the like.
   2 spec     StatefulSetSpec?   | What is wanted.
   3 status   StatefulSetStatus? | What there is.

struct StatefulSetSpec | Which pods, how many, in which order.
   1 replicas                             *int32?                                           =1            | How many pods.
   2 selector                             *LabelSelector                                                  | The labels by which it knows its pods; must match the template, and is fixed.
   3 template                             PodTemplateSpec                                                 | What the pods are made from; each gets the set's name and its number as name.
   4 volumeClaimTemplates                 []PersistentVolumeClaim?                          list=atomic   | Claims that each pod gets its own of.
   5 serviceName                          string                                            optional      | The headless Service under which the pods have their DNS names.
   6 podManagementPolicy                  PodManagementPolicyType?                          =OrderedReady | OrderedReady starts and ends one after the other, Parallel all at once.
   7 updateStrategy                       StatefulSetUpdateStrategy?                                      | How pods follow a change of the template.
   8 revisionHistoryLimit                 *int32?                                           =10           | How many old revisions are kept to go back to.
   9 minReadySeconds                      int32?                                                          | How long a new pod must have been ready to count as available.
  10 persistentVolumeClaimRetentionPolicy *StatefulSetPersistentVolumeClaimRetentionPolicy? ={}           | What becomes of claims when their pods go.
  11 ordinals                             *StatefulSetOrdinals?                                           | Where the numbers begin.

struct StatefulSetUpdateStrategy | How pods follow a change of the template.
   1 type          StatefulSetUpdateStrategyType?     =RollingUpdate | RollingUpdate replaces them from the highest number down, OnDelete waits for you.
   2 rollingUpdate *RollingUpdateStatefulSetStrategy?                | Details; only with RollingUpdate.

struct RollingUpdateStatefulSetStrategy | Details of a rolling update.
   1 partition      *int32?       =0 | Pods with lower numbers stay as they are.
   2 maxUnavailable *IntOrString?    | So many, or this share, may be missing during the update.

struct StatefulSetPersistentVolumeClaimRetentionPolicy
   1 whenDeleted string? =Retain
   2 whenScaled  string? =Retain

struct StatefulSetOrdinals | Numbers of the pods.
   1 start int32 optional | Number of the first pod.

struct StatefulSetStatus | What there is of a StatefulSet.
   1 observedGeneration int64?                  | The generation that the controller has acted on.
   2 replicas           int32                   | Pods that there are.
   3 readyReplicas      int32?                  | Those that are ready.
   4 currentReplicas    int32?                  | Those of the revision currentRevision.
   5 updatedReplicas    int32?                  | Those of the revision updateRevision.
   6 currentRevision    string?                 | The revision that pods had before the update.
   7 updateRevision     string?                 | The revision that pods are to have.
   9 collisionCount     *int32?                 | Counts hash collisions, to name the next revision differently.
  10 conditions         []StatefulSetCondition? patch=merge:type list=map:type | Aspects of its state.
  11 availableReplicas  int32                   optional | Those that have been ready for minReadySeconds.

struct StatefulSetCondition
   1 type               string
   2 status             string
   3 lastTransitionTime Time?
   4 reason             string?
   5 message            string?

kind ControllerRevision | One revision of a controller's template, kept to go back to. Never changed.
   1 metadata ObjectMeta?   | Name, namespace, labels and the like.
   2 data     RawExtension? | The template of that revision.
   3 revision int64         | Its number; the highest is the newest.
`,
};
