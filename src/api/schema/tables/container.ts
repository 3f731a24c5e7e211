import type { Table } from "../parse-tables.ts";

/** Containers: what to run, probes, hooks, security, state (core/v1). */
export const containerTable: Table = {
  name: "core",
  text: `
enum AppArmorProfileType = Localhost RuntimeDefault Unconfined
enum MountPropagationMode = Bidirectional HostToContainer None
enum ProcMountType = Default Unmasked
enum Protocol = SCTP TCP UDP
enum PullPolicy = Always IfNotPresent Never
enum SeccompProfileType = Localhost RuntimeDefault Unconfined
enum TerminationMessagePolicy = FallbackToLogsOnError File
enum URIScheme = HTTP HTTPS

struct Container
   1 name                     string
   2 image                    string?
   3 command                  []string?                 list=atomic
   4 args                     []string?                 list=atomic
   5 workingDir               string?
   6 ports                    []ContainerPort?          patch=merge:containerPort list=map:containerPort,protocol
   7 env                      []EnvVar?                 patch=merge:name list=map:name
   8 resources                ResourceRequirements?
   9 volumeMounts             []VolumeMount?            patch=merge:mountPath list=map:mountPath
  10 livenessProbe            *Probe?
  11 readinessProbe           *Probe?
  12 lifecycle                *Lifecycle?
  13 terminationMessagePath   string?                   =/dev/termination-log
  14 imagePullPolicy          PullPolicy?
  15 securityContext          *SecurityContext?
  16 stdin                    bool?
  17 stdinOnce                bool?
  18 tty                      bool?
  19 envFrom                  []EnvFromSource?          list=atomic
  20 terminationMessagePolicy TerminationMessagePolicy? =File
  21 volumeDevices            []VolumeDevice?           patch=merge:devicePath list=map:devicePath
  22 startupProbe             *Probe?
  23 resizePolicy             []ContainerResizePolicy?  list=atomic
  24 restartPolicy            *string?

struct ContainerPort
   1 name          string?
   2 hostPort      int32?
   3 containerPort int32
   4 protocol      Protocol? =TCP
   5 hostIP        string?

struct EnvFromSource
   1 prefix       string?
   2 configMapRef *ConfigMapEnvSource?
   3 secretRef    *SecretEnvSource?

struct ConfigMapEnvSource
   1 ...LocalObjectReference
   2 optional                *bool?

struct SecretEnvSource
   1 ...LocalObjectReference
   2 optional                *bool?

struct EnvVar
   1 name      string
   2 value     string?
   3 valueFrom *EnvVarSource?

struct EnvVarSource
   1 fieldRef         *ObjectFieldSelector?
   2 resourceFieldRef *ResourceFieldSelector?
   3 configMapKeyRef  *ConfigMapKeySelector?
   4 secretKeyRef     *SecretKeySelector?

struct ConfigMapKeySelector atomic
   1 ...LocalObjectReference
   2 key                     string
   3 optional                *bool?

struct SecretKeySelector atomic
   1 ...LocalObjectReference
   2 key                     string
   3 optional                *bool?

struct ResourceRequirements
   1 limits   {}Quantity?
   2 requests {}Quantity?
   3 claims   []ResourceClaim? list=map:name

struct ResourceClaim
   1 name    string
   2 request string?

struct ContainerResizePolicy
   1 resourceName  string
   2 restartPolicy string

struct VolumeMount
   1 name              string
   2 readOnly          bool?
   3 mountPath         string
   4 subPath           string?
   5 mountPropagation  *MountPropagationMode?
   6 subPathExpr       string?
   7 recursiveReadOnly *string?

struct VolumeDevice
   1 name       string
   2 devicePath string

struct Probe
   1 ...ProbeHandler
   2 initialDelaySeconds           int32?
   3 timeoutSeconds                int32?  =1
   4 periodSeconds                 int32?  =10
   5 successThreshold              int32?  =1
   6 failureThreshold              int32?  =3
   7 terminationGracePeriodSeconds *int64?

struct ProbeHandler
   1 exec      *ExecAction?
   2 httpGet   *HTTPGetAction?
   3 tcpSocket *TCPSocketAction?
   4 grpc      *GRPCAction?

struct ExecAction
   1 command []string? list=atomic

struct HTTPGetAction
   1 path        string?       =/
   2 port        IntOrString
   3 host        string?
   4 scheme      URIScheme?    =HTTP
   5 httpHeaders []HTTPHeader? list=atomic

struct HTTPHeader
   1 name  string
   2 value string

struct TCPSocketAction
   1 port IntOrString
   2 host string?

struct GRPCAction
   1 port    int32
   2 service *string optional =""

struct Lifecycle
   1 postStart  *LifecycleHandler?
   2 preStop    *LifecycleHandler?
   3 stopSignal *string?

struct LifecycleHandler
   1 exec      *ExecAction?
   2 httpGet   *HTTPGetAction?
   3 tcpSocket *TCPSocketAction?
   4 sleep     *SleepAction?

struct SleepAction
   1 seconds int64

struct SecurityContext
   1 capabilities             *Capabilities?
   2 privileged               *bool?
   3 seLinuxOptions           *SELinuxOptions?
   4 runAsUser                *int64?
   5 runAsNonRoot             *bool?
   6 readOnlyRootFilesystem   *bool?
   7 allowPrivilegeEscalation *bool?
   8 runAsGroup               *int64?
   9 procMount                *ProcMountType?
  10 windowsOptions           *WindowsSecurityContextOptions?
  11 seccompProfile           *SeccompProfile?
  12 appArmorProfile          *AppArmorProfile?

struct Capabilities
   1 add  []string? list=atomic
   2 drop []string? list=atomic

struct SELinuxOptions
   1 user  string?
   2 role  string?
   3 type  string?
   4 level string?

struct WindowsSecurityContextOptions
   1 gmsaCredentialSpecName *string?
   2 gmsaCredentialSpec     *string?
   3 runAsUserName          *string?
   4 hostProcess            *bool?

struct SeccompProfile
   1 type             SeccompProfileType
   2 localhostProfile *string?

struct AppArmorProfile
   1 type             AppArmorProfileType
   2 localhostProfile *string?

struct EphemeralContainer
   1 ...EphemeralContainerCommon
   2 targetContainerName         string?

struct EphemeralContainerCommon
   1 name                     string
   2 image                    string?
   3 command                  []string?                 list=atomic
   4 args                     []string?                 list=atomic
   5 workingDir               string?
   6 ports                    []ContainerPort?          patch=merge:containerPort list=map:containerPort,protocol
   7 env                      []EnvVar?                 patch=merge:name list=map:name
   8 resources                ResourceRequirements?
   9 volumeMounts             []VolumeMount?            patch=merge:mountPath list=map:mountPath
  10 livenessProbe            *Probe?
  11 readinessProbe           *Probe?
  12 lifecycle                *Lifecycle?
  13 terminationMessagePath   string?                   =/dev/termination-log
  14 imagePullPolicy          PullPolicy?
  15 securityContext          *SecurityContext?
  16 stdin                    bool?
  17 stdinOnce                bool?
  18 tty                      bool?
  19 envFrom                  []EnvFromSource?          list=atomic
  20 terminationMessagePolicy TerminationMessagePolicy? =File
  21 volumeDevices            []VolumeDevice?           patch=merge:devicePath list=map:devicePath
  22 startupProbe             *Probe?
  23 resizePolicy             []ContainerResizePolicy?  list=atomic
  24 restartPolicy            *string?

struct ContainerStatus
   1 name                     string
   2 state                    ContainerState?
   3 lastState                ContainerState?
   4 ready                    bool
   5 restartCount             int32
   6 image                    string
   7 imageID                  string
   8 containerID              string?
   9 started                  *bool?
  10 allocatedResources       {}Quantity?
  11 resources                *ResourceRequirements?
  12 volumeMounts             []VolumeMountStatus?   patch=merge:mountPath list=map:mountPath
  13 user                     *ContainerUser?
  14 allocatedResourcesStatus []ResourceStatus?      patch=merge:name list=map:name
  15 stopSignal               *string?

struct ContainerState
   1 waiting    *ContainerStateWaiting?
   2 running    *ContainerStateRunning?
   3 terminated *ContainerStateTerminated?

struct ContainerStateWaiting
   1 reason  string?
   2 message string?

struct ContainerStateRunning
   1 startedAt Time?

struct ContainerStateTerminated
   1 exitCode    int32
   2 signal      int32?
   3 reason      string?
   4 message     string?
   5 startedAt   Time?
   6 finishedAt  Time?
   7 containerID string?

struct VolumeMountStatus
   1 name              string
   2 mountPath         string
   3 readOnly          bool?
   4 recursiveReadOnly *string?

struct ContainerUser
   1 linux *LinuxContainerUser?

struct LinuxContainerUser
   1 uid                int64
   2 gid                int64
   3 supplementalGroups []int64? list=atomic

struct ResourceStatus
   1 name      string
   2 resources []ResourceHealth? list=map:resourceID

struct ResourceHealth
   1 resourceID string
   2 health     string?
`,
};
