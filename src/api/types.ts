// Generated from src/api/schema/tables by `npm run generate`. Change the tables, not this file.
import type { JsonValue } from "./schema/schema.ts";

export type { JsonValue };

/** A number, or a text such as a port's name or "25%". */
export type IntOrString = number | string;

/** An amount, such as "500m", "1Gi" or 2. */
export type Quantity = string | number;

/** What every object has. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** A list as the API answers it. */
export interface KubeList<T extends KubeObject = KubeObject> {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}

/** What every object has: its name, its place, its labels, its history. */
export interface ObjectMeta {
  /** Unique among objects of this kind in the namespace; fixed once the object exists. */
  readonly name?: string;
  /** A prefix: the server appends a random suffix to make the name, when name is empty. */
  readonly generateName?: string;
  /** Where the object lives; empty for kinds that belong to the whole cluster. */
  readonly namespace?: string;
  /** Not used any more. */
  readonly selfLink?: string;
  /** Set by the server, and never given to another object, whatever its name. */
  readonly uid?: string;
  /** Changes with each write; an opaque text to hand back, to watch from or to detect conflicts. */
  readonly resourceVersion?: string;
  /** Counts the changes of what is desired; a status names the generation that it speaks of. */
  readonly generation?: number;
  /** When the server stored the object first. */
  readonly creationTimestamp?: string;
  /** When the object is to be gone; set by the server when somebody deletes it. */
  readonly deletionTimestamp?: string;
  /** How long the object may take to end, counted from its deletion. */
  readonly deletionGracePeriodSeconds?: number;
  /** Names and values that selectors look for. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Names and values that tools keep with the object; no selector sees them. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The objects that this one depends on: it goes when all of them are gone. */
  readonly ownerReferences?: readonly OwnerReference[];
  /** Who has to finish something before the object may go; it goes with the last entry. */
  readonly finalizers?: readonly string[];
  /** Who last wrote which fields, for server-side apply. */
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** Names an owner of an object, in the same namespace or without one. */
export interface OwnerReference {
  /** Kind of the owner. */
  readonly kind: string;
  /** Name of the owner. */
  readonly name: string;
  /** UID of the owner: an object of the same name made later is no owner. */
  readonly uid: string;
  /** Group and version of the owner. */
  readonly apiVersion: string;
  /** This owner manages the object; at most one may say so. */
  readonly controller?: boolean;
  /** With foreground deletion the owner waits until this object is gone. */
  readonly blockOwnerDeletion?: boolean;
}

/** Which fields one manager has written. */
export interface ManagedFieldsEntry {
  /** Name of the tool or person. */
  readonly manager?: string;
  /** How it wrote: Apply or Update. */
  readonly operation?: string;
  /** Version of the schema that the paths in fieldsV1 follow. */
  readonly apiVersion?: string;
  /** When this entry last changed. */
  readonly time?: string;
  /** The form of the set of fields: FieldsV1. */
  readonly fieldsType?: string;
  /** The set of fields. */
  readonly fieldsV1?: JsonValue;
  /** The sub-resource that was written; empty for the object itself. */
  readonly subresource?: string;
}

/** Chooses objects by their labels: all of its requirements must hold. An empty one chooses all. */
export interface LabelSelector {
  /** Labels that must be there with exactly these values. */
  readonly matchLabels?: Readonly<Record<string, string>>;
  /** Further requirements. */
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

/** One requirement of labels. */
export interface LabelSelectorRequirement {
  /** The label. */
  readonly key: string;
  /** How its value is judged: In, NotIn, Exists or DoesNotExist. */
  readonly operator: string;
  /** The values for In and NotIn; empty for the others. */
  readonly values?: readonly string[];
}

/** One aspect of an object's present state. */
export interface Condition {
  /** Which aspect, in CamelCase. */
  readonly type: string;
  /** True, False or Unknown. */
  readonly status: string;
  /** The generation of the object that was judged. */
  readonly observedGeneration?: number;
  /** When the status last changed. */
  readonly lastTransitionTime: string;
  /** Why, as one word for programs. */
  readonly reason: string;
  /** Why, as a sentence for people. */
  readonly message: string;
}

/** How an object is to be deleted. */
export interface DeleteOptions {
  readonly apiVersion?: string;
  readonly kind?: string;
  /** How long it may take; 0 is at once, absent is the default of the kind. */
  readonly gracePeriodSeconds?: number;
  /** What must hold, or nothing is deleted. */
  readonly preconditions?: Preconditions;
  /** Old form of propagationPolicy. */
  readonly orphanDependents?: boolean;
  /** What becomes of the objects that it owns: Background, Foreground or Orphan. */
  readonly propagationPolicy?: string;
  /** With All, everything is done but the deletion. */
  readonly dryRun?: readonly string[];
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

/** What must hold for a deletion. */
export interface Preconditions {
  /** The object must have this UID. */
  readonly uid?: string;
  /** The object must be of this version. */
  readonly resourceVersion?: string;
}

export interface FieldSelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** What every list has. */
export interface ListMeta {
  /** Not used any more. */
  readonly selfLink?: string;
  /** The version that the list shows; a watch may go on from it. */
  readonly resourceVersion?: string;
  /** Opaque: hand it back to get the next page. Empty on the last one. */
  readonly continue?: string;
  /** How many objects come after this page; not always known. */
  readonly remainingItemCount?: number;
}

/** Containers that run together on one node and share its network namespace and volumes. */
export interface Pod extends KubeObject {
  /** What is to run. */
  readonly spec?: PodSpec;
  /** What runs; written by the node's agent. */
  readonly status?: PodStatus;
}

/** What is to run, where, and how. */
export interface PodSpec {
  /** Directories that the containers can mount. */
  readonly volumes?: readonly Volume[];
  /** The containers; at least one. Their number is fixed once the pod exists. */
  readonly containers: readonly Container[];
  /** When containers are started again: Always, OnFailure or Never. */
  readonly restartPolicy?: string;
  /** Time from the polite end to the hard one. */
  readonly terminationGracePeriodSeconds?: number;
  /** The pod fails when it has run for this long. */
  readonly activeDeadlineSeconds?: number;
  /** Where names are resolved: the cluster's DNS first, the node's resolvers, or dnsConfig alone. */
  readonly dnsPolicy?: string;
  /** Labels that the node must have. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** The account whose token the pod gets. */
  readonly serviceAccountName?: string;
  /** Old name of serviceAccountName. */
  readonly serviceAccount?: string;
  /** The node that the pod runs on; set by the scheduler. */
  readonly nodeName?: string;
  /** The pod uses the node's network and has no address of its own. */
  readonly hostNetwork?: boolean;
  /** The pod sees the node's processes. */
  readonly hostPID?: boolean;
  /** The pod shares the node's IPC. */
  readonly hostIPC?: boolean;
  /** Users, groups and privileges of all containers. */
  readonly securityContext?: PodSecurityContext;
  /** Secrets for registries that ask who one is. */
  readonly imagePullSecrets?: readonly LocalObjectReference[];
  /** The pod's host name; default is its name. */
  readonly hostname?: string;
  /** With hostname, the pod has a DNS name below the headless Service of this name. */
  readonly subdomain?: string;
  /** Rules about nodes and neighbours. */
  readonly affinity?: Affinity;
  /** Which scheduler places the pod. */
  readonly schedulerName?: string;
  /** Run to their end one after the other, before the containers start. */
  readonly initContainers?: readonly Container[];
  /** False keeps the account's token out of the pod. */
  readonly automountServiceAccountToken?: boolean;
  /** Taints of nodes that do not keep the pod away. */
  readonly tolerations?: readonly Toleration[];
  /** Further lines of the pod's hosts file. */
  readonly hostAliases?: readonly HostAlias[];
  /** Class of the pod's priority. */
  readonly priorityClassName?: string;
  /** The priority itself; higher comes first. */
  readonly priority?: number;
  /** Servers, search list and options that are added to what dnsPolicy gives. */
  readonly dnsConfig?: PodDNSConfig;
  /** The containers see each other's processes. */
  readonly shareProcessNamespace?: boolean;
  /** Conditions that others set, and that must be True for the pod to be ready. */
  readonly readinessGates?: readonly PodReadinessGate[];
  /** Which container runtime runs the pod. */
  readonly runtimeClassName?: string;
  /** Containers get environment variables for the namespace's Services. */
  readonly enableServiceLinks?: boolean;
  /** Whether the pod may push others of lower priority away. */
  readonly preemptionPolicy?: string;
  /** What the runtime itself needs for the pod. */
  readonly overhead?: Readonly<Record<string, Quantity>>;
  /** How evenly pods are to be spread over nodes or zones. */
  readonly topologySpreadConstraints?: readonly TopologySpreadConstraint[];
  /** Added to a running pod, to look into it. */
  readonly ephemeralContainers?: readonly EphemeralContainer[];
  /** The kernel's host name is the full DNS name. */
  readonly setHostnameAsFQDN?: boolean;
  /** The operating system that the containers need. */
  readonly os?: PodOS;
  /** False gives the pod a user namespace of its own. */
  readonly hostUsers?: boolean;
  /** As long as there is one, the pod is not placed. */
  readonly schedulingGates?: readonly PodSchedulingGate[];
  /** Devices that the pod claims. */
  readonly resourceClaims?: readonly PodResourceClaim[];
  /** Amounts for all containers together. */
  readonly resources?: ResourceRequirements;
}

/** Users, groups and privileges of all containers. */
export interface PodSecurityContext {
  readonly seLinuxOptions?: SELinuxOptions;
  /** The user that programs run as. */
  readonly runAsUser?: number;
  /** Refuse to run as root. */
  readonly runAsNonRoot?: boolean;
  /** Further groups of programs. */
  readonly supplementalGroups?: readonly number[];
  /** The group that owns the volumes. */
  readonly fsGroup?: number;
  /** The group that programs run as. */
  readonly runAsGroup?: number;
  /** Settings of the kernel for the pod's namespaces. */
  readonly sysctls?: readonly Sysctl[];
  readonly windowsOptions?: WindowsSecurityContextOptions;
  readonly fsGroupChangePolicy?: string;
  readonly seccompProfile?: SeccompProfile;
  readonly appArmorProfile?: AppArmorProfile;
  readonly supplementalGroupsPolicy?: string;
  readonly seLinuxChangePolicy?: string;
}

/** A setting of the kernel. */
export interface Sysctl {
  /** Its name. */
  readonly name: string;
  /** Its value. */
  readonly value: string;
}

/** Rules about nodes and neighbours. */
export interface Affinity {
  /** Nodes that the pod needs or likes. */
  readonly nodeAffinity?: NodeAffinity;
  /** Pods that it wants to be near. */
  readonly podAffinity?: PodAffinity;
  /** Pods that it wants to be far from. */
  readonly podAntiAffinity?: PodAntiAffinity;
}

/** Nodes that a pod needs or likes. */
export interface NodeAffinity {
  /** Only these nodes will do. */
  readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector;
  /** These nodes are better, by their weights. */
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly PreferredSchedulingTerm[];
}

/** Chooses nodes: one of the terms must hold. */
export interface NodeSelector {
  /** The terms. */
  readonly nodeSelectorTerms: readonly NodeSelectorTerm[];
}

/** All of its requirements must hold. */
export interface NodeSelectorTerm {
  /** Requirements of labels. */
  readonly matchExpressions?: readonly NodeSelectorRequirement[];
  /** Requirements of fields. */
  readonly matchFields?: readonly NodeSelectorRequirement[];
}

/** One requirement of nodes. */
export interface NodeSelectorRequirement {
  /** The label or field. */
  readonly key: string;
  /** How its value is judged. */
  readonly operator: string;
  /** The values to compare with. */
  readonly values?: readonly string[];
}

export interface PreferredSchedulingTerm {
  readonly weight: number;
  readonly preference: NodeSelectorTerm;
}

export interface PodAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly WeightedPodAffinityTerm[];
}

/** Pods, and what counts as near. */
export interface PodAffinityTerm {
  /** The pods. */
  readonly labelSelector?: LabelSelector;
  /** Their namespaces; default is the pod's own. */
  readonly namespaces?: readonly string[];
  /** Nodes with the same value of this label are near. */
  readonly topologyKey: string;
  readonly namespaceSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

export interface WeightedPodAffinityTerm {
  readonly weight: number;
  readonly podAffinityTerm: PodAffinityTerm;
}

export interface PodAntiAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly WeightedPodAffinityTerm[];
}

/** A taint that does not keep the pod away. */
export interface Toleration {
  /** The taint's key; empty with Exists means every taint. */
  readonly key?: string;
  /** Equal compares the value, Exists does not. */
  readonly operator?: string;
  /** The value for Equal. */
  readonly value?: string;
  /** The effect that is tolerated; empty means all. */
  readonly effect?: string;
  /** For NoExecute: how long the pod may stay. Absent means for ever. */
  readonly tolerationSeconds?: number;
}

/** A line of a hosts file. */
export interface HostAlias {
  /** The address. */
  readonly ip: string;
  /** Its names. */
  readonly hostnames?: readonly string[];
}

/** What is added to a pod's resolver configuration. */
export interface PodDNSConfig {
  /** Addresses of servers; at most three in all. */
  readonly nameservers?: readonly string[];
  /** Domains to complete short names with. */
  readonly searches?: readonly string[];
  /** Options of the resolver; one here replaces one of the same name. */
  readonly options?: readonly PodDNSConfigOption[];
}

/** An option of the resolver. */
export interface PodDNSConfigOption {
  /** Its name, such as ndots. */
  readonly name?: string;
  /** Its value, if it takes one. */
  readonly value?: string;
}

/** A condition that others set. */
export interface PodReadinessGate {
  /** Its type. */
  readonly conditionType: string;
}

/** How evenly pods are to be spread. */
export interface TopologySpreadConstraint {
  /** By how many pods two places may differ. */
  readonly maxSkew: number;
  /** Nodes with the same value of this label are one place. */
  readonly topologyKey: string;
  /** What to do when it can't be: wait, or place the pod all the same. */
  readonly whenUnsatisfiable: string;
  /** The pods that are counted. */
  readonly labelSelector?: LabelSelector;
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
  readonly matchLabelKeys?: readonly string[];
}

export interface PodOS {
  readonly name: string;
}

/** Something that placement waits for. */
export interface PodSchedulingGate {
  /** Its name. */
  readonly name: string;
}

export interface PodResourceClaim {
  readonly name: string;
  readonly resourceClaimName?: string;
  readonly resourceClaimTemplateName?: string;
}

/** What runs, and how it is. */
export interface PodStatus {
  /** Where the pod is in its life: Pending, Running, Succeeded, Failed or Unknown. */
  readonly phase?: string;
  /** Aspects of its state: PodScheduled, Initialized, ContainersReady, Ready. */
  readonly conditions?: readonly PodCondition[];
  /** Why it is so, as a sentence for people. */
  readonly message?: string;
  /** Why it is so, as one word for programs. */
  readonly reason?: string;
  /** Address of its node. */
  readonly hostIP?: string;
  /** Its address. */
  readonly podIP?: string;
  /** When the node's agent took the pod on. */
  readonly startTime?: string;
  /** State of each container. */
  readonly containerStatuses?: readonly ContainerStatus[];
  /** How the pod fares when the node runs short. */
  readonly qosClass?: string;
  /** State of each init container. */
  readonly initContainerStatuses?: readonly ContainerStatus[];
  /** Where it will run once others have been pushed away. */
  readonly nominatedNodeName?: string;
  /** Its addresses, at most one of each family; the first is podIP. */
  readonly podIPs?: readonly PodIP[];
  /** State of each ephemeral container. */
  readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  /** How far a change of amounts has come. */
  readonly resize?: string;
  /** State of the claimed devices. */
  readonly resourceClaimStatuses?: readonly PodResourceClaimStatus[];
  /** Addresses of its node, one of each family. */
  readonly hostIPs?: readonly HostIP[];
  /** The generation that the node's agent has acted on. */
  readonly observedGeneration?: number;
}

/** One aspect of a pod's state. */
export interface PodCondition {
  /** Which aspect. */
  readonly type: string;
  /** True, False or Unknown. */
  readonly status: string;
  /** When it was last looked at. */
  readonly lastProbeTime?: string;
  /** When the status last changed. */
  readonly lastTransitionTime?: string;
  /** Why, as one word for programs. */
  readonly reason?: string;
  /** Why, as a sentence for people. */
  readonly message?: string;
  /** The generation that was judged. */
  readonly observedGeneration?: number;
}

/** One address of a pod's node. */
export interface HostIP {
  /** The address. */
  readonly ip: string;
}

/** One address of a pod. */
export interface PodIP {
  /** The address. */
  readonly ip: string;
}

export interface PodResourceClaimStatus {
  readonly name: string;
  readonly resourceClaimName?: string;
}

/** Says on which node a pod is to run. */
export interface Binding extends KubeObject {
  /** The node. */
  readonly target: ObjectReference;
}

/** What pods are made from. */
export interface PodTemplateSpec {
  /** Labels and annotations of the pods. */
  readonly metadata?: ObjectMeta;
  /** What is to run. */
  readonly spec?: PodSpec;
}

/** Names an object, in this namespace or elsewhere. */
export interface ObjectReference {
  /** Its kind. */
  readonly kind?: string;
  /** Its namespace. */
  readonly namespace?: string;
  /** Its name. */
  readonly name?: string;
  /** Its UID. */
  readonly uid?: string;
  /** Its group and version. */
  readonly apiVersion?: string;
  /** The version that is meant, if it matters. */
  readonly resourceVersion?: string;
  /** The part that is meant, such as spec.containers{web}. */
  readonly fieldPath?: string;
}

/** One program of a pod. */
export interface Container {
  /** A DNS label, unique in the pod. */
  readonly name: string;
  /** What to run. A node looks it up in its image table. */
  readonly image?: string;
  /** The program and its first arguments; replaces the image's entry point. */
  readonly command?: readonly string[];
  /** Further arguments; replaces the image's own. */
  readonly args?: readonly string[];
  /** The directory to start in. */
  readonly workingDir?: string;
  /** Ports that the container listens on. A list for readers and for names; others are reachable too. */
  readonly ports?: readonly ContainerPort[];
  /** Environment variables; they win over envFrom. */
  readonly env?: readonly EnvVar[];
  /** Amounts that it requests, and that it may not exceed. */
  readonly resources?: ResourceRequirements;
  /** Where volumes appear in its file system. */
  readonly volumeMounts?: readonly VolumeMount[];
  /** When it fails, the container is started again. */
  readonly livenessProbe?: Probe;
  /** While it fails, the pod gets no traffic from Services. */
  readonly readinessProbe?: Probe;
  /** What to do after the start and before the end. */
  readonly lifecycle?: Lifecycle;
  /** A file whose content becomes the message of the container's end. */
  readonly terminationMessagePath?: string;
  /** When the image is fetched: Always, IfNotPresent or Never. */
  readonly imagePullPolicy?: string;
  /** Its user and privileges; wins over the pod's. */
  readonly securityContext?: SecurityContext;
  /** Keep its standard input open. */
  readonly stdin?: boolean;
  /** Close its standard input when the first client has gone. */
  readonly stdinOnce?: boolean;
  /** Give it a terminal; needs stdin. */
  readonly tty?: boolean;
  /** ConfigMaps and Secrets whose entries become environment variables. */
  readonly envFrom?: readonly EnvFromSource[];
  /** Whether the end of the log will do when that file is empty. */
  readonly terminationMessagePolicy?: string;
  /** Where raw block devices appear. */
  readonly volumeDevices?: readonly VolumeDevice[];
  /** Until it has succeeded once, the other probes wait. */
  readonly startupProbe?: Probe;
  /** What a change of amounts means for the running container. */
  readonly resizePolicy?: readonly ContainerResizePolicy[];
  /** Only for init containers: Always makes one a side-car that goes on running. */
  readonly restartPolicy?: string;
}

/** A port that a container listens on. */
export interface ContainerPort {
  /** A name that Services can refer to; unique in the pod. */
  readonly name?: string;
  /** The same port on the node. */
  readonly hostPort?: number;
  /** The number. */
  readonly containerPort: number;
  /** TCP, UDP or SCTP. */
  readonly protocol?: string;
  /** The node's address that hostPort is bound to. */
  readonly hostIP?: string;
}

/** A set of environment variables. */
export interface EnvFromSource {
  /** Put before each name. */
  readonly prefix?: string;
  /** All entries of a ConfigMap. */
  readonly configMapRef?: ConfigMapEnvSource;
  /** All entries of a Secret. */
  readonly secretRef?: SecretEnvSource;
}

/** All entries of a ConfigMap. */
export interface ConfigMapEnvSource extends LocalObjectReference {
  /** Whether it may be missing. */
  readonly optional?: boolean;
}

/** All entries of a Secret. */
export interface SecretEnvSource extends LocalObjectReference {
  /** Whether it may be missing. */
  readonly optional?: boolean;
}

/** An environment variable. */
export interface EnvVar {
  /** Its name. */
  readonly name: string;
  /** Its value; $(NAME) stands for variables defined before. */
  readonly value?: string;
  /** Where its value comes from, instead. */
  readonly valueFrom?: EnvVarSource;
}

/** Where the value of a variable comes from. */
export interface EnvVarSource {
  /** A field of the pod. */
  readonly fieldRef?: ObjectFieldSelector;
  /** An amount of a container. */
  readonly resourceFieldRef?: ResourceFieldSelector;
  /** An entry of a ConfigMap. */
  readonly configMapKeyRef?: ConfigMapKeySelector;
  /** An entry of a Secret. */
  readonly secretKeyRef?: SecretKeySelector;
}

/** An entry of a ConfigMap. */
export interface ConfigMapKeySelector extends LocalObjectReference {
  /** The entry. */
  readonly key: string;
  /** Whether it may be missing. */
  readonly optional?: boolean;
}

/** An entry of a Secret. */
export interface SecretKeySelector extends LocalObjectReference {
  /** The entry. */
  readonly key: string;
  /** Whether it may be missing. */
  readonly optional?: boolean;
}

/** Amounts of resources. */
export interface ResourceRequirements {
  /** What the container may not exceed. */
  readonly limits?: Readonly<Record<string, Quantity>>;
  /** What the container is sure to get; default is the limit. */
  readonly requests?: Readonly<Record<string, Quantity>>;
  /** Claimed devices that the container uses. */
  readonly claims?: readonly ResourceClaim[];
}

export interface ResourceClaim {
  readonly name: string;
  readonly request?: string;
}

export interface ContainerResizePolicy {
  readonly resourceName: string;
  readonly restartPolicy: string;
}

/** Where a volume appears in a container. */
export interface VolumeMount {
  /** The volume. */
  readonly name: string;
  /** The container may only read. */
  readonly readOnly?: boolean;
  /** The directory in the container. */
  readonly mountPath: string;
  /** A directory within the volume, instead of all of it. */
  readonly subPath?: string;
  readonly mountPropagation?: string;
  /** The same with environment variables in it. */
  readonly subPathExpr?: string;
  readonly recursiveReadOnly?: string;
}

export interface VolumeDevice {
  readonly name: string;
  readonly devicePath: string;
}

/** A question asked again and again: does the container do well? */
export interface Probe extends ProbeHandler {
  /** How long to wait after the start of the container. */
  readonly initialDelaySeconds?: number;
  /** An answer later than this is a failure. */
  readonly timeoutSeconds?: number;
  /** How often to ask. */
  readonly periodSeconds?: number;
  /** So many successes in a row, after a failure, count as success. */
  readonly successThreshold?: number;
  /** So many failures in a row count as failure. */
  readonly failureThreshold?: number;
  /** For this probe: time from the polite end to the hard one. */
  readonly terminationGracePeriodSeconds?: number;
}

/** How the question is asked; one of four. */
export interface ProbeHandler {
  /** Run a command in the container; 0 is success. */
  readonly exec?: ExecAction;
  /** Ask by HTTP; a status from 200 to 399 is success. */
  readonly httpGet?: HTTPGetAction;
  /** Open a connection; being accepted is success. */
  readonly tcpSocket?: TCPSocketAction;
  /** Ask by gRPC's health protocol; SERVING is success. */
  readonly grpc?: GRPCAction;
}

/** A command. */
export interface ExecAction {
  /** Program and arguments, without a shell. */
  readonly command?: readonly string[];
}

/** An HTTP request. */
export interface HTTPGetAction {
  /** Its path. */
  readonly path?: string;
  /** The port: a number, or a name of the container's ports. */
  readonly port: IntOrString;
  /** The host to connect to; default is the pod's address. */
  readonly host?: string;
  /** HTTP or HTTPS; certificates are not verified. */
  readonly scheme?: string;
  /** Headers to send. */
  readonly httpHeaders?: readonly HTTPHeader[];
}

/** A header. */
export interface HTTPHeader {
  /** Its name. */
  readonly name: string;
  /** Its value. */
  readonly value: string;
}

/** A TCP connection. */
export interface TCPSocketAction {
  /** The port: a number, or a name of the container's ports. */
  readonly port: IntOrString;
  /** The host to connect to; default is the pod's address. */
  readonly host?: string;
}

/** A gRPC health check. */
export interface GRPCAction {
  /** The port. */
  readonly port: number;
  /** The service to ask about. */
  readonly service?: string;
}

/** What to do at turns of a container's life. */
export interface Lifecycle {
  /** Right after the start; when it fails, the container ends. */
  readonly postStart?: LifecycleHandler;
  /** Before the container is told to end. */
  readonly preStop?: LifecycleHandler;
  /** The signal that tells it to end. */
  readonly stopSignal?: string;
}

/** What to do; one of four. */
export interface LifecycleHandler {
  /** Run a command in the container. */
  readonly exec?: ExecAction;
  /** Make an HTTP request. */
  readonly httpGet?: HTTPGetAction;
  /** Not supported; only kept. */
  readonly tcpSocket?: TCPSocketAction;
  /** Wait. */
  readonly sleep?: SleepAction;
}

/** A pause. */
export interface SleepAction {
  /** How long. */
  readonly seconds: number;
}

/** User and privileges of a container. */
export interface SecurityContext {
  /** Capabilities to add and to drop. */
  readonly capabilities?: Capabilities;
  /** As powerful as root on the node. */
  readonly privileged?: boolean;
  readonly seLinuxOptions?: SELinuxOptions;
  /** The user that the program runs as. */
  readonly runAsUser?: number;
  /** Refuse to run as root. */
  readonly runAsNonRoot?: boolean;
  /** Its own file system is read-only. */
  readonly readOnlyRootFilesystem?: boolean;
  /** Whether a child may gain more privileges than its parent. */
  readonly allowPrivilegeEscalation?: boolean;
  /** The group that the program runs as. */
  readonly runAsGroup?: number;
  readonly procMount?: string;
  readonly windowsOptions?: WindowsSecurityContextOptions;
  readonly seccompProfile?: SeccompProfile;
  readonly appArmorProfile?: AppArmorProfile;
}

/** Capabilities of a process. */
export interface Capabilities {
  /** Those to add. */
  readonly add?: readonly string[];
  /** Those to drop. */
  readonly drop?: readonly string[];
}

export interface SELinuxOptions {
  readonly user?: string;
  readonly role?: string;
  readonly type?: string;
  readonly level?: string;
}

export interface WindowsSecurityContextOptions {
  readonly gmsaCredentialSpecName?: string;
  readonly gmsaCredentialSpec?: string;
  readonly runAsUserName?: string;
  readonly hostProcess?: boolean;
}

export interface SeccompProfile {
  readonly type: string;
  readonly localhostProfile?: string;
}

export interface AppArmorProfile {
  readonly type: string;
  readonly localhostProfile?: string;
}

/** A container added to a running pod, to look into it. */
export interface EphemeralContainer extends EphemeralContainerCommon {
  /** The container whose processes it sees. */
  readonly targetContainerName?: string;
}

export interface EphemeralContainerCommon {
  /** A DNS label, unique in the pod. */
  readonly name: string;
  /** What to run. A node looks it up in its image table. */
  readonly image?: string;
  /** The program and its first arguments; replaces the image's entry point. */
  readonly command?: readonly string[];
  /** Further arguments; replaces the image's own. */
  readonly args?: readonly string[];
  /** The directory to start in. */
  readonly workingDir?: string;
  /** Ports that the container listens on. A list for readers and for names; others are reachable too. */
  readonly ports?: readonly ContainerPort[];
  /** Environment variables; they win over envFrom. */
  readonly env?: readonly EnvVar[];
  /** Amounts that it requests, and that it may not exceed. */
  readonly resources?: ResourceRequirements;
  /** Where volumes appear in its file system. */
  readonly volumeMounts?: readonly VolumeMount[];
  /** When it fails, the container is started again. */
  readonly livenessProbe?: Probe;
  /** While it fails, the pod gets no traffic from Services. */
  readonly readinessProbe?: Probe;
  /** What to do after the start and before the end. */
  readonly lifecycle?: Lifecycle;
  /** A file whose content becomes the message of the container's end. */
  readonly terminationMessagePath?: string;
  /** When the image is fetched: Always, IfNotPresent or Never. */
  readonly imagePullPolicy?: string;
  /** Its user and privileges; wins over the pod's. */
  readonly securityContext?: SecurityContext;
  /** Keep its standard input open. */
  readonly stdin?: boolean;
  /** Close its standard input when the first client has gone. */
  readonly stdinOnce?: boolean;
  /** Give it a terminal; needs stdin. */
  readonly tty?: boolean;
  /** ConfigMaps and Secrets whose entries become environment variables. */
  readonly envFrom?: readonly EnvFromSource[];
  /** Whether the end of the log will do when that file is empty. */
  readonly terminationMessagePolicy?: string;
  /** Where raw block devices appear. */
  readonly volumeDevices?: readonly VolumeDevice[];
  /** Until it has succeeded once, the other probes wait. */
  readonly startupProbe?: Probe;
  /** What a change of amounts means for the running container. */
  readonly resizePolicy?: readonly ContainerResizePolicy[];
  /** Only for init containers: Always makes one a side-car that goes on running. */
  readonly restartPolicy?: string;
}

/** State of one container. */
export interface ContainerStatus {
  /** Its name. */
  readonly name: string;
  /** What it does now. */
  readonly state?: ContainerState;
  /** How its last run ended. */
  readonly lastState?: ContainerState;
  /** It is ready for traffic. */
  readonly ready: boolean;
  /** How often it was started again. */
  readonly restartCount: number;
  /** The image that it runs. */
  readonly image: string;
  /** That image, exactly. */
  readonly imageID: string;
  /** Which container of the runtime it is. */
  readonly containerID?: string;
  /** It has started, and its startup probe has succeeded. */
  readonly started?: boolean;
  readonly allocatedResources?: Readonly<Record<string, Quantity>>;
  readonly resources?: ResourceRequirements;
  readonly volumeMounts?: readonly VolumeMountStatus[];
  readonly user?: ContainerUser;
  readonly allocatedResourcesStatus?: readonly ResourceStatus[];
  readonly stopSignal?: string;
}

/** What a container does; one of three. */
export interface ContainerState {
  /** It does not run yet. */
  readonly waiting?: ContainerStateWaiting;
  /** It runs. */
  readonly running?: ContainerStateRunning;
  /** It has ended. */
  readonly terminated?: ContainerStateTerminated;
}

/** Why a container does not run yet. */
export interface ContainerStateWaiting {
  /** As one word for programs, such as ErrImagePull. */
  readonly reason?: string;
  /** As a sentence for people. */
  readonly message?: string;
}

/** A container that runs. */
export interface ContainerStateRunning {
  /** Since when. */
  readonly startedAt?: string;
}

/** How a container ended. */
export interface ContainerStateTerminated {
  /** Its exit status. */
  readonly exitCode: number;
  /** The signal that ended it. */
  readonly signal?: number;
  /** As one word for programs, such as Completed or Error. */
  readonly reason?: string;
  /** As a sentence for people. */
  readonly message?: string;
  /** When it began. */
  readonly startedAt?: string;
  /** When it ended. */
  readonly finishedAt?: string;
  /** Which container of the runtime it was. */
  readonly containerID?: string;
}

export interface VolumeMountStatus {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: string;
}

export interface ContainerUser {
  readonly linux?: LinuxContainerUser;
}

export interface LinuxContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly supplementalGroups?: readonly number[];
}

export interface ResourceStatus {
  readonly name: string;
  readonly resources?: readonly ResourceHealth[];
}

export interface ResourceHealth {
  readonly resourceID: string;
  readonly health?: string;
}

/** A directory that containers can mount. */
export interface Volume extends VolumeSource {
  /** A DNS label, unique in the pod. */
  readonly name: string;
}

export interface VolumeSource {
  /** A file or directory of the node. */
  readonly hostPath?: HostPathVolumeSource;
  /** A new directory that lives as long as the pod. */
  readonly emptyDir?: EmptyDirVolumeSource;
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource;
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource;
  readonly gitRepo?: GitRepoVolumeSource;
  /** The entries of a Secret, as files. */
  readonly secret?: SecretVolumeSource;
  readonly nfs?: NFSVolumeSource;
  readonly iscsi?: ISCSIVolumeSource;
  readonly glusterfs?: GlusterfsVolumeSource;
  /** A claim of the same namespace. */
  readonly persistentVolumeClaim?: PersistentVolumeClaimVolumeSource;
  readonly rbd?: RBDVolumeSource;
  readonly flexVolume?: FlexVolumeSource;
  readonly cinder?: CinderVolumeSource;
  readonly cephfs?: CephFSVolumeSource;
  readonly flocker?: FlockerVolumeSource;
  /** Fields of the pod, as files. */
  readonly downwardAPI?: DownwardAPIVolumeSource;
  readonly fc?: FCVolumeSource;
  readonly azureFile?: AzureFileVolumeSource;
  /** The entries of a ConfigMap, as files. */
  readonly configMap?: ConfigMapVolumeSource;
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource;
  readonly quobyte?: QuobyteVolumeSource;
  readonly azureDisk?: AzureDiskVolumeSource;
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource;
  readonly portworxVolume?: PortworxVolumeSource;
  readonly scaleIO?: ScaleIOVolumeSource;
  /** Several sources in one directory. */
  readonly projected?: ProjectedVolumeSource;
  readonly storageos?: StorageOSVolumeSource;
  readonly csi?: CSIVolumeSource;
  readonly ephemeral?: EphemeralVolumeSource;
  readonly image?: ImageVolumeSource;
}

/** A file or directory of the node. */
export interface HostPathVolumeSource {
  /** Where it is on the node. */
  readonly path: string;
  /** What has to be there already, or is to be made. */
  readonly type?: string;
}

/** A new directory that lives as long as the pod. */
export interface EmptyDirVolumeSource {
  /** Memory for a file system in memory; empty for the node's disk. */
  readonly medium?: string;
  /** The most that it may hold. */
  readonly sizeLimit?: Quantity;
}

export interface GCEPersistentDiskVolumeSource {
  readonly pdName: string;
  readonly fsType?: string;
  readonly partition?: number;
  readonly readOnly?: boolean;
}

export interface AWSElasticBlockStoreVolumeSource {
  readonly volumeID: string;
  readonly fsType?: string;
  readonly partition?: number;
  readonly readOnly?: boolean;
}

export interface GitRepoVolumeSource {
  readonly repository: string;
  readonly revision?: string;
  readonly directory?: string;
}

/** The entries of a Secret, as files. */
export interface SecretVolumeSource {
  /** Name of the Secret. */
  readonly secretName?: string;
  /** Which entries, and under which names; default is all. */
  readonly items?: readonly KeyToPath[];
  /** Permissions of the files. */
  readonly defaultMode?: number;
  /** Whether the Secret may be missing. */
  readonly optional?: boolean;
}

/** An entry as a file. */
export interface KeyToPath {
  /** The entry. */
  readonly key: string;
  /** The file, relative to the volume. */
  readonly path: string;
  /** Its permissions. */
  readonly mode?: number;
}

export interface NFSVolumeSource {
  readonly server: string;
  readonly path: string;
  readonly readOnly?: boolean;
}

export interface ISCSIVolumeSource {
  readonly targetPortal: string;
  readonly iqn: string;
  readonly lun: number;
  readonly iscsiInterface?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly portals?: readonly string[];
  readonly chapAuthDiscovery?: boolean;
  readonly secretRef?: LocalObjectReference;
  readonly chapAuthSession?: boolean;
  readonly initiatorName?: string;
}

/** Names an object of the same namespace. */
export interface LocalObjectReference {
  /** Its name. */
  readonly name?: string;
}

export interface GlusterfsVolumeSource {
  readonly endpoints: string;
  readonly path: string;
  readonly readOnly?: boolean;
}

export interface PersistentVolumeClaimVolumeSource {
  readonly claimName: string;
  readonly readOnly?: boolean;
}

export interface RBDVolumeSource {
  readonly monitors: readonly string[];
  readonly image: string;
  readonly fsType?: string;
  readonly pool?: string;
  readonly user?: string;
  readonly keyring?: string;
  readonly secretRef?: LocalObjectReference;
  readonly readOnly?: boolean;
}

export interface FlexVolumeSource {
  readonly driver: string;
  readonly fsType?: string;
  readonly secretRef?: LocalObjectReference;
  readonly readOnly?: boolean;
  readonly options?: Readonly<Record<string, string>>;
}

export interface CinderVolumeSource {
  readonly volumeID: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: LocalObjectReference;
}

export interface CephFSVolumeSource {
  readonly monitors: readonly string[];
  readonly path?: string;
  readonly user?: string;
  readonly secretFile?: string;
  readonly secretRef?: LocalObjectReference;
  readonly readOnly?: boolean;
}

export interface FlockerVolumeSource {
  readonly datasetName?: string;
  readonly datasetUUID?: string;
}

export interface DownwardAPIVolumeSource {
  readonly items?: readonly DownwardAPIVolumeFile[];
  readonly defaultMode?: number;
}

export interface DownwardAPIVolumeFile {
  readonly path: string;
  readonly fieldRef?: ObjectFieldSelector;
  readonly resourceFieldRef?: ResourceFieldSelector;
  readonly mode?: number;
}

/** A field of the pod. */
export interface ObjectFieldSelector {
  /** Version of the schema that the path follows. */
  readonly apiVersion?: string;
  /** The field, such as status.podIP. */
  readonly fieldPath: string;
}

/** An amount of a container. */
export interface ResourceFieldSelector {
  /** The container. */
  readonly containerName?: string;
  /** The amount, such as limits.cpu. */
  readonly resource: string;
  /** The unit that the value is given in. */
  readonly divisor?: Quantity;
}

export interface FCVolumeSource {
  readonly targetWWNs?: readonly string[];
  readonly lun?: number;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly wwids?: readonly string[];
}

export interface AzureFileVolumeSource {
  readonly secretName: string;
  readonly shareName: string;
  readonly readOnly?: boolean;
}

/** The entries of a ConfigMap, as files. */
export interface ConfigMapVolumeSource extends LocalObjectReference {
  /** Which entries, and under which names; default is all. */
  readonly items?: readonly KeyToPath[];
  /** Permissions of the files. */
  readonly defaultMode?: number;
  /** Whether the ConfigMap may be missing. */
  readonly optional?: boolean;
}

export interface VsphereVirtualDiskVolumeSource {
  readonly volumePath: string;
  readonly fsType?: string;
  readonly storagePolicyName?: string;
  readonly storagePolicyID?: string;
}

export interface QuobyteVolumeSource {
  readonly registry: string;
  readonly volume: string;
  readonly readOnly?: boolean;
  readonly user?: string;
  readonly group?: string;
  readonly tenant?: string;
}

export interface AzureDiskVolumeSource {
  readonly diskName: string;
  readonly diskURI: string;
  readonly cachingMode?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly kind?: string;
}

export interface PhotonPersistentDiskVolumeSource {
  readonly pdID: string;
  readonly fsType?: string;
}

export interface ProjectedVolumeSource {
  readonly sources?: readonly VolumeProjection[];
  readonly defaultMode?: number;
}

export interface VolumeProjection {
  readonly secret?: SecretProjection;
  readonly downwardAPI?: DownwardAPIProjection;
  readonly configMap?: ConfigMapProjection;
  readonly serviceAccountToken?: ServiceAccountTokenProjection;
  readonly clusterTrustBundle?: ClusterTrustBundleProjection;
}

export interface SecretProjection extends LocalObjectReference {
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

export interface DownwardAPIProjection {
  readonly items?: readonly DownwardAPIVolumeFile[];
}

export interface ConfigMapProjection extends LocalObjectReference {
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

export interface ServiceAccountTokenProjection {
  readonly audience?: string;
  readonly expirationSeconds?: number;
  readonly path: string;
}

export interface ClusterTrustBundleProjection {
  readonly name?: string;
  readonly signerName?: string;
  readonly labelSelector?: LabelSelector;
  readonly path: string;
  readonly optional?: boolean;
}

export interface PortworxVolumeSource {
  readonly volumeID: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
}

export interface ScaleIOVolumeSource {
  readonly gateway: string;
  readonly system: string;
  readonly secretRef: LocalObjectReference;
  readonly sslEnabled?: boolean;
  readonly protectionDomain?: string;
  readonly storagePool?: string;
  readonly storageMode?: string;
  readonly volumeName?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
}

export interface StorageOSVolumeSource {
  readonly volumeName?: string;
  readonly volumeNamespace?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: LocalObjectReference;
}

export interface CSIVolumeSource {
  readonly driver: string;
  readonly readOnly?: boolean;
  readonly fsType?: string;
  readonly volumeAttributes?: Readonly<Record<string, string>>;
  readonly nodePublishSecretRef?: LocalObjectReference;
}

export interface EphemeralVolumeSource {
  readonly volumeClaimTemplate?: PersistentVolumeClaimTemplate;
}

export interface PersistentVolumeClaimTemplate {
  readonly metadata?: ObjectMeta;
  readonly spec: PersistentVolumeClaimSpec;
}

export interface PersistentVolumeClaimSpec {
  readonly accessModes?: readonly string[];
  readonly resources?: VolumeResourceRequirements;
  readonly volumeName?: string;
  readonly selector?: LabelSelector;
  readonly storageClassName?: string;
  readonly volumeMode?: string;
  readonly dataSource?: TypedLocalObjectReference;
  readonly dataSourceRef?: TypedObjectReference;
  readonly volumeAttributesClassName?: string;
}

export interface VolumeResourceRequirements {
  readonly limits?: Readonly<Record<string, Quantity>>;
  readonly requests?: Readonly<Record<string, Quantity>>;
}

export interface TypedLocalObjectReference {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
}

export interface TypedObjectReference {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface ImageVolumeSource {
  readonly reference?: string;
  readonly pullPolicy?: string;
}

export interface PersistentVolumeClaim extends KubeObject {
  readonly spec?: PersistentVolumeClaimSpec;
  readonly status?: PersistentVolumeClaimStatus;
}

export interface PersistentVolumeClaimStatus {
  readonly phase?: string;
  readonly accessModes?: readonly string[];
  readonly capacity?: Readonly<Record<string, Quantity>>;
  readonly conditions?: readonly PersistentVolumeClaimCondition[];
  readonly allocatedResources?: Readonly<Record<string, Quantity>>;
  readonly allocatedResourceStatuses?: Readonly<Record<string, string>>;
  readonly currentVolumeAttributesClassName?: string;
  readonly modifyVolumeStatus?: ModifyVolumeStatus;
}

export interface PersistentVolumeClaimCondition {
  readonly type: string;
  readonly status: string;
  readonly lastProbeTime?: string;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ModifyVolumeStatus {
  readonly targetVolumeAttributesClassName?: string;
  readonly status: string;
}

/** A stable name and address for a set of pods, or for something outside the cluster. */
export interface Service extends KubeObject {
  /** What is wanted. */
  readonly spec?: ServiceSpec;
  /** What load balancers report. */
  readonly status?: ServiceStatus;
}

/** What a Service is to offer, and how. */
export interface ServiceSpec {
  /** The ports that clients call; needed unless the Service is headless or an ExternalName. */
  readonly ports?: readonly ServicePort[];
  /** Labels of the pods behind the Service. Without it, somebody else writes the endpoints. */
  readonly selector?: Readonly<Record<string, string>>;
  /** The address inside the cluster: allocated, wished for, or None for a headless Service. */
  readonly clusterIP?: string;
  /** How the Service is reached: inside the cluster, on every node, by a load balancer, or by a DNS alias. */
  readonly type?: string;
  /** Addresses outside the cluster whose traffic, when it arrives at a node, belongs to the Service. */
  readonly externalIPs?: readonly string[];
  /** ClientIP keeps a client at its endpoint; None chooses for each connection. */
  readonly sessionAffinity?: string;
  /** A wish for the load balancer's address. Not all of them listen; deprecated. */
  readonly loadBalancerIP?: string;
  /** The only clients that the load balancer lets in, as ranges of addresses. */
  readonly loadBalancerSourceRanges?: readonly string[];
  /** The DNS name that an ExternalName Service is an alias of. */
  readonly externalName?: string;
  /** Local keeps outside traffic on the node it came to, and the client's address visible. */
  readonly externalTrafficPolicy?: string;
  /** Where load balancers ask a node whether it has endpoints (policy Local). */
  readonly healthCheckNodePort?: number;
  /** DNS and endpoints show pods also while they are not ready. */
  readonly publishNotReadyAddresses?: boolean;
  /** Details of the affinity. */
  readonly sessionAffinityConfig?: SessionAffinityConfig;
  /** Whether the Service wants one family of addresses, prefers two, or requires two. */
  readonly ipFamilyPolicy?: string;
  /** The addresses, at most one of each family; the first is clusterIP. */
  readonly clusterIPs?: readonly string[];
  /** The families, the primary one first. */
  readonly ipFamilies?: readonly string[];
  /** False when the load balancer needs no node ports. */
  readonly allocateLoadBalancerNodePorts?: boolean;
  /** Which kind of load balancer; fixed once set. Absent means the cluster's default. */
  readonly loadBalancerClass?: string;
  /** Local keeps traffic from pods on their own node; Cluster spreads it. */
  readonly internalTrafficPolicy?: string;
  /** A preference for endpoints that are near, such as PreferClose. */
  readonly trafficDistribution?: string;
}

/** One port of a Service. */
export interface ServicePort {
  /** Needed, and unique, as soon as there are two ports; DNS and Ingress refer to it. */
  readonly name?: string;
  /** TCP, UDP or SCTP. */
  readonly protocol?: string;
  /** The port that clients call. */
  readonly port: number;
  /** The port of the pods: a number, or a name that each pod's containers resolve. Default: port. */
  readonly targetPort?: IntOrString;
  /** The port on every node, for NodePort and LoadBalancer; allocated unless wished for. */
  readonly nodePort?: number;
  /** What is spoken on the port, as a hint: an IANA name, or one with a prefix. */
  readonly appProtocol?: string;
}

/** Details of session affinity. */
export interface SessionAffinityConfig {
  /** Details of affinity by the client's address. */
  readonly clientIP?: ClientIPConfig;
}

/** Details of affinity by the client's address. */
export interface ClientIPConfig {
  /** A client that stays away longer may get another endpoint; 1 to 86400. */
  readonly timeoutSeconds?: number;
}

/** What is known of a Service. */
export interface ServiceStatus {
  /** The load balancer, if there is one. */
  readonly loadBalancer?: LoadBalancerStatus;
  /** Aspects of the Service's state. */
  readonly conditions?: readonly Condition[];
}

/** State of a load balancer. */
export interface LoadBalancerStatus {
  /** Where clients outside reach the Service. */
  readonly ingress?: readonly LoadBalancerIngress[];
}

/** One entry point of a load balancer. */
export interface LoadBalancerIngress {
  /** Its address. */
  readonly ip?: string;
  /** Its DNS name, for those that have no fixed address. */
  readonly hostname?: string;
  /** VIP when traffic comes to nodes with the address as destination, Proxy when it does not. */
  readonly ipMode?: string;
  /** State of single ports. */
  readonly ports?: readonly PortStatus[];
}

/** State of one port of a load balancer. */
export interface PortStatus {
  /** The port. */
  readonly port: number;
  /** Its protocol. */
  readonly protocol: string;
  /** What is wrong with it, as a word in CamelCase. */
  readonly error?: string;
}

/** The addresses behind a Service, in the old form: one object, at most 1000 addresses. See EndpointSlice. */
export interface Endpoints extends KubeObject {
  /** Groups of addresses that share their ports. */
  readonly subsets?: readonly EndpointSubset[];
}

/** Addresses times ports: every address serves every port. */
export interface EndpointSubset {
  /** Addresses that take traffic. */
  readonly addresses?: readonly EndpointAddress[];
  /** Addresses that take none yet, or no longer. */
  readonly notReadyAddresses?: readonly EndpointAddress[];
  /** The ports. */
  readonly ports?: readonly EndpointPort[];
}

/** One address. */
export interface EndpointAddress {
  /** The address itself. */
  readonly ip: string;
  /** The object, mostly a pod, that has the address. */
  readonly targetRef?: ObjectReference;
  /** Name that DNS gives the address below a headless Service. */
  readonly hostname?: string;
  /** The node that the address is on. */
  readonly nodeName?: string;
}

/** One port. */
export interface EndpointPort {
  /** The Service port's name; may be missing when there is only one. */
  readonly name?: string;
  /** The number. */
  readonly port: number;
  /** TCP, UDP or SCTP. */
  readonly protocol?: string;
  /** What is spoken on the port, as a hint. */
  readonly appProtocol?: string;
}

/** A machine that runs pods. */
export interface Node extends KubeObject {
  /** What is wanted of the machine. */
  readonly spec?: NodeSpec;
  /** How the machine is; written by its agent. */
  readonly status?: NodeStatus;
}

/** What is wanted of a machine. */
export interface NodeSpec {
  /** The range that its pods' addresses come from. */
  readonly podCIDR?: string;
  /** Not used any more. */
  readonly externalID?: string;
  /** What the provider calls the machine. */
  readonly providerID?: string;
  /** No new pods are placed here (kubectl cordon). */
  readonly unschedulable?: boolean;
  /** Marks that keep pods away which do not tolerate them. */
  readonly taints?: readonly Taint[];
  /** Not used any more. */
  readonly configSource?: NodeConfigSource;
  /** The ranges, at most one of each family; the first is podCIDR. */
  readonly podCIDRs?: readonly string[];
}

/** A mark that keeps pods away. */
export interface Taint {
  /** Its key. */
  readonly key: string;
  /** Its value. */
  readonly value?: string;
  /** NoSchedule and PreferNoSchedule concern new pods, NoExecute also those that run. */
  readonly effect: string;
  /** When a NoExecute taint was added. */
  readonly timeAdded?: string;
}

export interface NodeConfigSource {
  readonly configMap?: ConfigMapNodeConfigSource;
}

export interface ConfigMapNodeConfigSource {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly kubeletConfigKey: string;
}

/** How a machine is. */
export interface NodeStatus {
  /** All that it has. */
  readonly capacity?: Readonly<Record<string, Quantity>>;
  /** What of that pods may use. */
  readonly allocatable?: Readonly<Record<string, Quantity>>;
  /** Not used any more. */
  readonly phase?: string;
  /** Aspects of its state: Ready, MemoryPressure, DiskPressure, PIDPressure. */
  readonly conditions?: readonly NodeCondition[];
  /** Its addresses and names. */
  readonly addresses?: readonly NodeAddress[];
  /** Where its agent listens. */
  readonly daemonEndpoints?: NodeDaemonEndpoints;
  /** Which system it runs. */
  readonly nodeInfo?: NodeSystemInfo;
  /** Images that it holds. */
  readonly images?: readonly ContainerImage[];
  /** Volumes that it uses. */
  readonly volumesInUse?: readonly string[];
  /** Volumes that are attached to it. */
  readonly volumesAttached?: readonly AttachedVolume[];
  /** Not used any more. */
  readonly config?: NodeConfigStatus;
  /** What the container runtime can do. */
  readonly runtimeHandlers?: readonly NodeRuntimeHandler[];
  /** What the machine's agent can do. */
  readonly features?: NodeFeatures;
}

/** One aspect of a machine's state. */
export interface NodeCondition {
  /** Which aspect. */
  readonly type: string;
  /** True, False or Unknown. */
  readonly status: string;
  /** When it was last reported. */
  readonly lastHeartbeatTime?: string;
  /** When the status last changed. */
  readonly lastTransitionTime?: string;
  /** Why, as one word for programs. */
  readonly reason?: string;
  /** Why, as a sentence for people. */
  readonly message?: string;
}

/** An address or name of a machine. */
export interface NodeAddress {
  /** What it is: InternalIP, ExternalIP, Hostname, InternalDNS or ExternalDNS. */
  readonly type: string;
  /** The address or name. */
  readonly address: string;
}

/** Where a machine's agent listens. */
export interface NodeDaemonEndpoints {
  /** The agent's port, for logs and exec. */
  readonly kubeletEndpoint?: DaemonEndpoint;
}

/** A port. */
export interface DaemonEndpoint {
  /** The number; for historical reasons the field's name begins with a capital. */
  readonly Port: number;
}

/** Which system a machine runs. */
export interface NodeSystemInfo {
  /** The machine's own identifier. */
  readonly machineID: string;
  /** The hardware's identifier. */
  readonly systemUUID: string;
  /** Changes with each start. */
  readonly bootID: string;
  /** Version of the kernel. */
  readonly kernelVersion: string;
  /** Name of the distribution. */
  readonly osImage: string;
  /** What runs the containers. */
  readonly containerRuntimeVersion: string;
  /** Version of the node's agent. */
  readonly kubeletVersion: string;
  /** Not used any more. */
  readonly kubeProxyVersion: string;
  /** Such as linux. */
  readonly operatingSystem: string;
  /** Such as amd64. */
  readonly architecture: string;
  readonly swap?: NodeSwapStatus;
}

export interface NodeSwapStatus {
  readonly capacity?: number;
}

/** An image that a node holds. */
export interface ContainerImage {
  /** Its names. */
  readonly names?: readonly string[];
  /** Its size. */
  readonly sizeBytes?: number;
}

export interface AttachedVolume {
  readonly name: string;
  readonly devicePath: string;
}

export interface NodeConfigStatus {
  readonly assigned?: NodeConfigSource;
  readonly active?: NodeConfigSource;
  readonly lastKnownGood?: NodeConfigSource;
  readonly error?: string;
}

export interface NodeRuntimeHandler {
  readonly name?: string;
  readonly features?: NodeRuntimeHandlerFeatures;
}

export interface NodeRuntimeHandlerFeatures {
  readonly recursiveReadOnlyMounts?: boolean;
  readonly userNamespaces?: boolean;
}

export interface NodeFeatures {
  readonly supplementalGroupsPolicy?: boolean;
}

/** A room for names: objects in different namespaces may share a name. */
export interface Namespace extends KubeObject {
  /** What has to happen before the namespace can go. */
  readonly spec?: NamespaceSpec;
  /** Where it is in its life. */
  readonly status?: NamespaceStatus;
}

/** What has to happen before a namespace can go. */
export interface NamespaceSpec {
  /** Who has to finish something first. */
  readonly finalizers?: readonly string[];
}

/** Where a namespace is in its life. */
export interface NamespaceStatus {
  /** Active, or Terminating while its content is being deleted. */
  readonly phase?: string;
  /** What its deletion waits for. */
  readonly conditions?: readonly NamespaceCondition[];
}

/** One aspect of a namespace's deletion. */
export interface NamespaceCondition {
  /** Which aspect. */
  readonly type: string;
  /** True, False or Unknown. */
  readonly status: string;
  /** When the status last changed. */
  readonly lastTransitionTime?: string;
  /** Why, as one word for programs. */
  readonly reason?: string;
  /** Why, as a sentence for people. */
  readonly message?: string;
}

/** Configuration that pods can read, as files or environment variables. */
export interface ConfigMap extends KubeObject {
  /** Entries of text. */
  readonly data?: Readonly<Record<string, string>>;
  /** Entries of bytes, in base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
  /** True keeps the entries as they are. */
  readonly immutable?: boolean;
}

/** Confidential entries that pods can read, as files or environment variables. */
export interface Secret extends KubeObject {
  /** The entries, in base64. */
  readonly data?: Readonly<Record<string, string>>;
  /** What the entries are for. */
  readonly type?: string;
  /** Entries as plain text, for writing only: they are merged into data. */
  readonly stringData?: Readonly<Record<string, string>>;
  /** True keeps the entries as they are. */
  readonly immutable?: boolean;
}

/** An identity for pods. */
export interface ServiceAccount extends KubeObject {
  /** Secrets that pods of this account may use. */
  readonly secrets?: readonly ObjectReference[];
  /** Secrets for registries, given to each pod of this account. */
  readonly imagePullSecrets?: readonly LocalObjectReference[];
  /** Whether pods get a token; the pod's own word wins. */
  readonly automountServiceAccountToken?: boolean;
}

/** Something that happened to an object. Kept for an hour. */
export interface Event extends KubeObject {
  /** The object. */
  readonly involvedObject: ObjectReference;
  /** What happened, as one word for programs. */
  readonly reason?: string;
  /** What happened, as a sentence for people. */
  readonly message?: string;
  /** Who reports it. */
  readonly source?: EventSource;
  /** When it happened first. */
  readonly firstTimestamp?: string;
  /** When it happened last. */
  readonly lastTimestamp?: string;
  /** How often it happened. */
  readonly count?: number;
  /** Normal or Warning. */
  readonly type?: string;
  /** When it was first seen, with microseconds. */
  readonly eventTime?: string;
  /** How it goes on, when it repeats. */
  readonly series?: EventSeries;
  /** What the reporter did, or failed to do. */
  readonly action?: string;
  /** A second object that takes part. */
  readonly related?: ObjectReference;
  /** Who reports it: the controller's name. */
  readonly reportingComponent?: string;
  /** Which instance of it. */
  readonly reportingInstance?: string;
}

/** Who reports an event. */
export interface EventSource {
  /** Name of the part. */
  readonly component?: string;
  /** The node that it runs on. */
  readonly host?: string;
}

/** An event that repeats. */
export interface EventSeries {
  /** How often it has happened in this series. */
  readonly count?: number;
  /** When it happened last. */
  readonly lastObservedTime?: string;
}

/** A part of the addresses behind a Service: one family, one set of ports, at most 1000 endpoints. */
export interface EndpointSlice extends KubeObject {
  /** The endpoints. */
  readonly endpoints: readonly Endpoint[];
  /** The ports that every endpoint of the slice has. */
  readonly ports?: readonly EndpointSlicePort[];
  /** The family that all addresses are of; fixed once set. */
  readonly addressType: string;
}

/** One backend. */
export interface Endpoint {
  /** Its addresses, all of the slice's family; users take the first. */
  readonly addresses: readonly string[];
  /** Whether it takes traffic. */
  readonly conditions?: EndpointConditions;
  /** Name that DNS gives it below a headless Service. */
  readonly hostname?: string;
  /** The object, mostly a pod, behind it. */
  readonly targetRef?: ObjectReference;
  /** What older versions said about its place; read-only. */
  readonly deprecatedTopology?: Readonly<Record<string, string>>;
  /** The node that it is on. */
  readonly nodeName?: string;
  /** The zone that it is in. */
  readonly zone?: string;
  /** Who should use it. */
  readonly hints?: EndpointHints;
}

/** Whether an endpoint takes traffic. */
export interface EndpointConditions {
  /** It takes new traffic; absent means yes. Never true while it terminates. */
  readonly ready?: boolean;
  /** It could answer, also while it terminates; absent means the same as ready. */
  readonly serving?: boolean;
  /** It is on its way out; absent means no. */
  readonly terminating?: boolean;
}

/** Who should use an endpoint. */
export interface EndpointHints {
  /** Clients in these zones. */
  readonly forZones?: readonly ForZone[];
  /** Clients on these nodes. */
  readonly forNodes?: readonly ForNode[];
}

/** A zone. */
export interface ForZone {
  /** Name of the zone. */
  readonly name: string;
}

/** A node. */
export interface ForNode {
  /** Name of the node. */
  readonly name: string;
}

/** One port of a slice. */
export interface EndpointSlicePort {
  /** The Service port's name; unique in the slice, empty when there is only one. */
  readonly name?: string;
  /** TCP, UDP or SCTP. */
  readonly protocol?: string;
  /** The number. */
  readonly port?: number;
  /** What is spoken on the port, as a hint. */
  readonly appProtocol?: string;
}

/** Keeps a number of equal pods running, and replaces them step by step when their template changes. */
export interface Deployment extends KubeObject {
  /** What is wanted. */
  readonly spec?: DeploymentSpec;
  /** What there is. */
  readonly status?: DeploymentStatus;
}

/** Which pods, how many, and how to replace them. */
export interface DeploymentSpec {
  /** How many pods. */
  readonly replicas?: number;
  /** The labels by which the Deployment knows its pods; must match the template, and is fixed. */
  readonly selector: LabelSelector;
  /** What the pods are made from. */
  readonly template: PodTemplateSpec;
  /** How old pods are replaced by new ones. */
  readonly strategy?: DeploymentStrategy;
  /** How long a new pod must have been ready to count as available. */
  readonly minReadySeconds?: number;
  /** How many old ReplicaSets are kept to go back to. */
  readonly revisionHistoryLimit?: number;
  /** Changes of the template wait. */
  readonly paused?: boolean;
  /** A roll-out without progress for this long is reported as failed. */
  readonly progressDeadlineSeconds?: number;
}

/** How old pods are replaced by new ones. */
export interface DeploymentStrategy {
  /** RollingUpdate replaces some at a time, Recreate ends all of them first. */
  readonly type?: string;
  /** How many at a time; only with RollingUpdate. */
  readonly rollingUpdate?: RollingUpdateDeployment;
}

/** How many pods a rolling update touches at a time. */
export interface RollingUpdateDeployment {
  /** So many, or this share, may be missing during the update; rounded down. */
  readonly maxUnavailable?: IntOrString;
  /** So many, or this share, may be there in addition; rounded up. */
  readonly maxSurge?: IntOrString;
}

/** What there is of a Deployment. */
export interface DeploymentStatus {
  /** The generation that the controller has acted on. */
  readonly observedGeneration?: number;
  /** Pods that match the selector and do not terminate. */
  readonly replicas?: number;
  /** Those among them that follow the present template. */
  readonly updatedReplicas?: number;
  /** Those that have been ready for minReadySeconds. */
  readonly availableReplicas?: number;
  /** How many more are needed for the wanted number to be available. */
  readonly unavailableReplicas?: number;
  /** Aspects of its state: Available, Progressing, ReplicaFailure. */
  readonly conditions?: readonly DeploymentCondition[];
  /** Those that are ready. */
  readonly readyReplicas?: number;
  /** Counts hash collisions, to name the next ReplicaSet differently. */
  readonly collisionCount?: number;
  /** Those that terminate. */
  readonly terminatingReplicas?: number;
}

/** One aspect of a Deployment's state. */
export interface DeploymentCondition {
  /** Which aspect. */
  readonly type: string;
  /** True, False or Unknown. */
  readonly status: string;
  /** Why, as one word for programs. */
  readonly reason?: string;
  /** Why, as a sentence for people. */
  readonly message?: string;
  /** When it was last looked at. */
  readonly lastUpdateTime?: string;
  /** When the status last changed. */
  readonly lastTransitionTime?: string;
}

/** Keeps a number of equal pods running. Mostly owned by a Deployment. */
export interface ReplicaSet extends KubeObject {
  /** What is wanted. */
  readonly spec?: ReplicaSetSpec;
  /** What there is. */
  readonly status?: ReplicaSetStatus;
}

/** Which pods, and how many. */
export interface ReplicaSetSpec {
  /** How many pods. */
  readonly replicas?: number;
  /** The labels by which it knows its pods; must match the template, and is fixed. */
  readonly selector: LabelSelector;
  /** What the pods are made from. */
  readonly template?: PodTemplateSpec;
  /** How long a new pod must have been ready to count as available. */
  readonly minReadySeconds?: number;
}

/** What there is of a ReplicaSet. */
export interface ReplicaSetStatus {
  /** Pods that there are. */
  readonly replicas: number;
  /** Those whose labels are those of the template. */
  readonly fullyLabeledReplicas?: number;
  /** The generation that the controller has acted on. */
  readonly observedGeneration?: number;
  /** Those that are ready. */
  readonly readyReplicas?: number;
  /** Those that have been ready for minReadySeconds. */
  readonly availableReplicas?: number;
  /** Aspects of its state. */
  readonly conditions?: readonly ReplicaSetCondition[];
  /** Those that terminate. */
  readonly terminatingReplicas?: number;
}

export interface ReplicaSetCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Keeps numbered pods running, each with a name of its own that stays. */
export interface StatefulSet extends KubeObject {
  /** What is wanted. */
  readonly spec?: StatefulSetSpec;
  /** What there is. */
  readonly status?: StatefulSetStatus;
}

/** Which pods, how many, in which order. */
export interface StatefulSetSpec {
  /** How many pods. */
  readonly replicas?: number;
  /** The labels by which it knows its pods; must match the template, and is fixed. */
  readonly selector: LabelSelector;
  /** What the pods are made from; each gets the set's name and its number as name. */
  readonly template: PodTemplateSpec;
  /** Claims that each pod gets its own of. */
  readonly volumeClaimTemplates?: readonly PersistentVolumeClaim[];
  /** The headless Service under which the pods have their DNS names. */
  readonly serviceName?: string;
  /** OrderedReady starts and ends one after the other, Parallel all at once. */
  readonly podManagementPolicy?: string;
  /** How pods follow a change of the template. */
  readonly updateStrategy?: StatefulSetUpdateStrategy;
  /** How many old revisions are kept to go back to. */
  readonly revisionHistoryLimit?: number;
  /** How long a new pod must have been ready to count as available. */
  readonly minReadySeconds?: number;
  /** What becomes of claims when their pods go. */
  readonly persistentVolumeClaimRetentionPolicy?: StatefulSetPersistentVolumeClaimRetentionPolicy;
  /** Where the numbers begin. */
  readonly ordinals?: StatefulSetOrdinals;
}

/** How pods follow a change of the template. */
export interface StatefulSetUpdateStrategy {
  /** RollingUpdate replaces them from the highest number down, OnDelete waits for you. */
  readonly type?: string;
  /** Details; only with RollingUpdate. */
  readonly rollingUpdate?: RollingUpdateStatefulSetStrategy;
}

/** Details of a rolling update. */
export interface RollingUpdateStatefulSetStrategy {
  /** Pods with lower numbers stay as they are. */
  readonly partition?: number;
  /** So many, or this share, may be missing during the update. */
  readonly maxUnavailable?: IntOrString;
}

export interface StatefulSetPersistentVolumeClaimRetentionPolicy {
  readonly whenDeleted?: string;
  readonly whenScaled?: string;
}

/** Numbers of the pods. */
export interface StatefulSetOrdinals {
  /** Number of the first pod. */
  readonly start?: number;
}

/** What there is of a StatefulSet. */
export interface StatefulSetStatus {
  /** The generation that the controller has acted on. */
  readonly observedGeneration?: number;
  /** Pods that there are. */
  readonly replicas: number;
  /** Those that are ready. */
  readonly readyReplicas?: number;
  /** Those of the revision currentRevision. */
  readonly currentReplicas?: number;
  /** Those of the revision updateRevision. */
  readonly updatedReplicas?: number;
  /** The revision that pods had before the update. */
  readonly currentRevision?: string;
  /** The revision that pods are to have. */
  readonly updateRevision?: string;
  /** Counts hash collisions, to name the next revision differently. */
  readonly collisionCount?: number;
  /** Aspects of its state. */
  readonly conditions?: readonly StatefulSetCondition[];
  /** Those that have been ready for minReadySeconds. */
  readonly availableReplicas?: number;
}

export interface StatefulSetCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** One revision of a controller's template, kept to go back to. Never changed. */
export interface ControllerRevision extends KubeObject {
  /** The template of that revision. */
  readonly data?: JsonValue;
  /** Its number; the highest is the newest. */
  readonly revision: number;
}

/** Says who holds something, and until when: leadership, or a node's being alive. */
export interface Lease extends KubeObject {
  /** Holder and times. */
  readonly spec?: LeaseSpec;
}

/** Holder and times of a lease. */
export interface LeaseSpec {
  /** Who holds it; empty when nobody does. */
  readonly holderIdentity?: string;
  /** Others may take over when it was not renewed for this long. */
  readonly leaseDurationSeconds?: number;
  /** Since when this holder has it. */
  readonly acquireTime?: string;
  /** When the holder last renewed it. */
  readonly renewTime?: string;
  /** How often it went to another holder. */
  readonly leaseTransitions?: number;
  /** How a new leader is chosen. */
  readonly strategy?: string;
  /** Who should hold it next. */
  readonly preferredHolder?: string;
}

/** How many pods a workload has, and should have. */
export interface Scale extends KubeObject {
  /** How many are wanted. */
  readonly spec?: ScaleSpec;
  /** How many there are. */
  readonly status?: ScaleStatus;
}

/** How many pods are wanted. */
export interface ScaleSpec {
  /** The number. */
  readonly replicas?: number;
}

/** How many pods there are. */
export interface ScaleStatus {
  /** The number. */
  readonly replicas: number;
  /** The labels that they have, as text. */
  readonly selector?: string;
}

/** Asks a pod to leave its node. */
export interface Eviction extends KubeObject {
  /** How it is to be deleted. */
  readonly deleteOptions?: DeleteOptions;
}

/** Asks whether you may do something. */
export interface SelfSubjectAccessReview extends KubeObject {
  /** What you want to do. */
  readonly spec: SelfSubjectAccessReviewSpec;
  /** The answer. */
  readonly status?: SubjectAccessReviewStatus;
}

export interface SelfSubjectAccessReviewSpec {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
}

/** Asks whether somebody may do something. */
export interface SubjectAccessReview extends KubeObject {
  /** Who wants to do what. */
  readonly spec: SubjectAccessReviewSpec;
  /** The answer. */
  readonly status?: SubjectAccessReviewStatus;
}

/** Asks whether somebody may do something in one namespace. */
export interface LocalSubjectAccessReview extends KubeObject {
  /** Who wants to do what. */
  readonly spec: SubjectAccessReviewSpec;
  /** The answer. */
  readonly status?: SubjectAccessReviewStatus;
}

export interface SubjectAccessReviewSpec {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
  /** The name. */
  readonly user?: string;
  /** The groups. */
  readonly groups?: readonly string[];
  /** What else is known. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** The identifier. */
  readonly uid?: string;
}

export interface ResourceAttributes {
  readonly namespace?: string;
  readonly verb?: string;
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly fieldSelector?: FieldSelectorAttributes;
  readonly labelSelector?: LabelSelectorAttributes;
}

export interface FieldSelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly FieldSelectorRequirement[];
}

export interface LabelSelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly LabelSelectorRequirement[];
}

export interface NonResourceAttributes {
  readonly path?: string;
  readonly verb?: string;
}

/** The answer to a question about permissions. */
export interface SubjectAccessReviewStatus {
  /** It is allowed. */
  readonly allowed: boolean;
  /** Why. */
  readonly reason?: string;
  /** What went wrong while looking. */
  readonly evaluationError?: string;
  /** It is forbidden, whatever others say. */
  readonly denied?: boolean;
}

/** Asks what you may do in a namespace. */
export interface SelfSubjectRulesReview extends KubeObject {
  /** The namespace. */
  readonly spec: SelfSubjectRulesReviewSpec;
  /** The answer. */
  readonly status?: SubjectRulesReviewStatus;
}

export interface SelfSubjectRulesReviewSpec {
  readonly namespace?: string;
}

export interface SubjectRulesReviewStatus {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  readonly incomplete: boolean;
  readonly evaluationError?: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** Asks whose token this is. */
export interface TokenReview extends KubeObject {
  /** The token. */
  readonly spec: TokenReviewSpec;
  /** The answer. */
  readonly status?: TokenReviewStatus;
}

export interface TokenReviewSpec {
  readonly token?: string;
  readonly audiences?: readonly string[];
}

export interface TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly user?: UserInfo;
  readonly audiences?: readonly string[];
  readonly error?: string;
}

/** Asks who you are. */
export interface SelfSubjectReview extends KubeObject {
  /** The answer. */
  readonly status?: SelfSubjectReviewStatus;
}

export interface SelfSubjectReviewStatus {
  readonly userInfo?: UserInfo;
}

/** Who somebody is. */
export interface UserInfo {
  /** The name. */
  readonly username?: string;
  /** The identifier. */
  readonly uid?: string;
  /** The groups. */
  readonly groups?: readonly string[];
  /** What else is known. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}
