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

struct Container | One program of a pod.
   1 name                     string                    | A DNS label, unique in the pod.
   2 image                    string?                   | What to run. A node looks it up in its image table.
   3 command                  []string?                 list=atomic | The program and its first arguments; replaces the image's entry point.
   4 args                     []string?                 list=atomic | Further arguments; replaces the image's own.
   5 workingDir               string?                   | The directory to start in.
   6 ports                    []ContainerPort?          patch=merge:containerPort list=map:containerPort,protocol | Ports that the container listens on. A list for readers and for names; others are reachable too.
   7 env                      []EnvVar?                 patch=merge:name list=map:name | Environment variables; they win over envFrom.
   8 resources                ResourceRequirements?     | Amounts that it requests, and that it may not exceed.
   9 volumeMounts             []VolumeMount?            patch=merge:mountPath list=map:mountPath | Where volumes appear in its file system.
  10 livenessProbe            *Probe?                   | When it fails, the container is started again.
  11 readinessProbe           *Probe?                   | While it fails, the pod gets no traffic from Services.
  12 lifecycle                *Lifecycle?               | What to do after the start and before the end.
  13 terminationMessagePath   string?                   =/dev/termination-log | A file whose content becomes the message of the container's end.
  14 imagePullPolicy          PullPolicy?               | When the image is fetched: Always, IfNotPresent or Never.
  15 securityContext          *SecurityContext?         | Its user and privileges; wins over the pod's.
  16 stdin                    bool?                     | Keep its standard input open.
  17 stdinOnce                bool?                     | Close its standard input when the first client has gone.
  18 tty                      bool?                     | Give it a terminal; needs stdin.
  19 envFrom                  []EnvFromSource?          list=atomic | ConfigMaps and Secrets whose entries become environment variables.
  20 terminationMessagePolicy TerminationMessagePolicy? =File | Whether the end of the log will do when that file is empty.
  21 volumeDevices            []VolumeDevice?           patch=merge:devicePath list=map:devicePath | Where raw block devices appear.
  22 startupProbe             *Probe?                   | Until it has succeeded once, the other probes wait.
  23 resizePolicy             []ContainerResizePolicy?  list=atomic | What a change of amounts means for the running container.
  24 restartPolicy            *string?                  | Only for init containers: Always makes one a side-car that goes on running.

struct ContainerPort | A port that a container listens on.
   1 name          string?        | A name that Services can refer to; unique in the pod.
   2 hostPort      int32?         | The same port on the node.
   3 containerPort int32          | The number.
   4 protocol      Protocol? =TCP | TCP, UDP or SCTP.
   5 hostIP        string?        | The node's address that hostPort is bound to.

struct EnvFromSource | A set of environment variables.
   1 prefix       string?              | Put before each name.
   2 configMapRef *ConfigMapEnvSource? | All entries of a ConfigMap.
   3 secretRef    *SecretEnvSource?    | All entries of a Secret.

struct ConfigMapEnvSource | All entries of a ConfigMap.
   1 ...LocalObjectReference
   2 optional                *bool? | Whether it may be missing.

struct SecretEnvSource | All entries of a Secret.
   1 ...LocalObjectReference
   2 optional                *bool? | Whether it may be missing.

struct EnvVar | An environment variable.
   1 name      string         | Its name.
   2 value     string?        | Its value; $(NAME) stands for variables defined before.
   3 valueFrom *EnvVarSource? | Where its value comes from, instead.

struct EnvVarSource | Where the value of a variable comes from.
   1 fieldRef         *ObjectFieldSelector?   | A field of the pod.
   2 resourceFieldRef *ResourceFieldSelector? | An amount of a container.
   3 configMapKeyRef  *ConfigMapKeySelector?  | An entry of a ConfigMap.
   4 secretKeyRef     *SecretKeySelector?     | An entry of a Secret.

struct ConfigMapKeySelector atomic | An entry of a ConfigMap.
   1 ...LocalObjectReference
   2 key                     string | The entry.
   3 optional                *bool? | Whether it may be missing.

struct SecretKeySelector atomic | An entry of a Secret.
   1 ...LocalObjectReference
   2 key                     string | The entry.
   3 optional                *bool? | Whether it may be missing.

struct ResourceRequirements | Amounts of resources.
   1 limits   {}Quantity?                    | What the container may not exceed.
   2 requests {}Quantity?                    | What the container is sure to get; default is the limit.
   3 claims   []ResourceClaim? list=map:name | Claimed devices that the container uses.

struct ResourceClaim
   1 name    string
   2 request string?

struct ContainerResizePolicy
   1 resourceName  string
   2 restartPolicy string

struct VolumeMount | Where a volume appears in a container.
   1 name              string                 | The volume.
   2 readOnly          bool?                  | The container may only read.
   3 mountPath         string                 | The directory in the container.
   4 subPath           string?                | A directory within the volume, instead of all of it.
   5 mountPropagation  *MountPropagationMode?
   6 subPathExpr       string?                | The same with environment variables in it.
   7 recursiveReadOnly *string?

struct VolumeDevice
   1 name       string
   2 devicePath string

struct Probe | A question asked again and again: does the container do well?
   1 ...ProbeHandler
   2 initialDelaySeconds           int32?      | How long to wait after the start of the container.
   3 timeoutSeconds                int32?  =1  | An answer later than this is a failure.
   4 periodSeconds                 int32?  =10 | How often to ask.
   5 successThreshold              int32?  =1  | So many successes in a row, after a failure, count as success.
   6 failureThreshold              int32?  =3  | So many failures in a row count as failure.
   7 terminationGracePeriodSeconds *int64?     | For this probe: time from the polite end to the hard one.

struct ProbeHandler | How the question is asked; one of four.
   1 exec      *ExecAction?      | Run a command in the container; 0 is success.
   2 httpGet   *HTTPGetAction?   | Ask by HTTP; a status from 200 to 399 is success.
   3 tcpSocket *TCPSocketAction? | Open a connection; being accepted is success.
   4 grpc      *GRPCAction?      | Ask by gRPC's health protocol; SERVING is success.

struct ExecAction | A command.
   1 command []string? list=atomic | Program and arguments, without a shell.

struct HTTPGetAction | An HTTP request.
   1 path        string?       =/          | Its path.
   2 port        IntOrString               | The port: a number, or a name of the container's ports.
   3 host        string?                   | The host to connect to; default is the pod's address.
   4 scheme      URIScheme?    =HTTP       | HTTP or HTTPS; certificates are not verified.
   5 httpHeaders []HTTPHeader? list=atomic | Headers to send.

struct HTTPHeader | A header.
   1 name  string | Its name.
   2 value string | Its value.

struct TCPSocketAction | A TCP connection.
   1 port IntOrString | The port: a number, or a name of the container's ports.
   2 host string?     | The host to connect to; default is the pod's address.

struct GRPCAction | A gRPC health check.
   1 port    int32                | The port.
   2 service *string optional ="" | The service to ask about.

struct Lifecycle | What to do at turns of a container's life.
   1 postStart  *LifecycleHandler? | Right after the start; when it fails, the container ends.
   2 preStop    *LifecycleHandler? | Before the container is told to end.
   3 stopSignal *string?           | The signal that tells it to end.

struct LifecycleHandler | What to do; one of four.
   1 exec      *ExecAction?      | Run a command in the container.
   2 httpGet   *HTTPGetAction?   | Make an HTTP request.
   3 tcpSocket *TCPSocketAction? | Not supported; only kept.
   4 sleep     *SleepAction?     | Wait.

struct SleepAction | A pause.
   1 seconds int64 | How long.

struct SecurityContext | User and privileges of a container.
   1 capabilities             *Capabilities?                  | Capabilities to add and to drop.
   2 privileged               *bool?                          | As powerful as root on the node.
   3 seLinuxOptions           *SELinuxOptions?
   4 runAsUser                *int64?                         | The user that the program runs as.
   5 runAsNonRoot             *bool?                          | Refuse to run as root.
   6 readOnlyRootFilesystem   *bool?                          | Its own file system is read-only.
   7 allowPrivilegeEscalation *bool?                          | Whether a child may gain more privileges than its parent.
   8 runAsGroup               *int64?                         | The group that the program runs as.
   9 procMount                *ProcMountType?
  10 windowsOptions           *WindowsSecurityContextOptions?
  11 seccompProfile           *SeccompProfile?
  12 appArmorProfile          *AppArmorProfile?

struct Capabilities | Capabilities of a process.
   1 add  []string? list=atomic | Those to add.
   2 drop []string? list=atomic | Those to drop.

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

struct EphemeralContainer | A container added to a running pod, to look into it.
   1 ...EphemeralContainerCommon
   2 targetContainerName         string? | The container whose processes it sees.

struct EphemeralContainerCommon
   1 name                     string                    | A DNS label, unique in the pod.
   2 image                    string?                   | What to run. A node looks it up in its image table.
   3 command                  []string?                 list=atomic | The program and its first arguments; replaces the image's entry point.
   4 args                     []string?                 list=atomic | Further arguments; replaces the image's own.
   5 workingDir               string?                   | The directory to start in.
   6 ports                    []ContainerPort?          patch=merge:containerPort list=map:containerPort,protocol | Ports that the container listens on. A list for readers and for names; others are reachable too.
   7 env                      []EnvVar?                 patch=merge:name list=map:name | Environment variables; they win over envFrom.
   8 resources                ResourceRequirements?     | Amounts that it requests, and that it may not exceed.
   9 volumeMounts             []VolumeMount?            patch=merge:mountPath list=map:mountPath | Where volumes appear in its file system.
  10 livenessProbe            *Probe?                   | When it fails, the container is started again.
  11 readinessProbe           *Probe?                   | While it fails, the pod gets no traffic from Services.
  12 lifecycle                *Lifecycle?               | What to do after the start and before the end.
  13 terminationMessagePath   string?                   =/dev/termination-log | A file whose content becomes the message of the container's end.
  14 imagePullPolicy          PullPolicy?               | When the image is fetched: Always, IfNotPresent or Never.
  15 securityContext          *SecurityContext?         | Its user and privileges; wins over the pod's.
  16 stdin                    bool?                     | Keep its standard input open.
  17 stdinOnce                bool?                     | Close its standard input when the first client has gone.
  18 tty                      bool?                     | Give it a terminal; needs stdin.
  19 envFrom                  []EnvFromSource?          list=atomic | ConfigMaps and Secrets whose entries become environment variables.
  20 terminationMessagePolicy TerminationMessagePolicy? =File | Whether the end of the log will do when that file is empty.
  21 volumeDevices            []VolumeDevice?           patch=merge:devicePath list=map:devicePath | Where raw block devices appear.
  22 startupProbe             *Probe?                   | Until it has succeeded once, the other probes wait.
  23 resizePolicy             []ContainerResizePolicy?  list=atomic | What a change of amounts means for the running container.
  24 restartPolicy            *string?                  | Only for init containers: Always makes one a side-car that goes on running.

struct ContainerStatus | State of one container.
   1 name                     string                 | Its name.
   2 state                    ContainerState?        | What it does now.
   3 lastState                ContainerState?        | How its last run ended.
   4 ready                    bool                   | It is ready for traffic.
   5 restartCount             int32                  | How often it was started again.
   6 image                    string                 | The image that it runs.
   7 imageID                  string                 | That image, exactly.
   8 containerID              string?                | Which container of the runtime it is.
   9 started                  *bool?                 | It has started, and its startup probe has succeeded.
  10 allocatedResources       {}Quantity?
  11 resources                *ResourceRequirements?
  12 volumeMounts             []VolumeMountStatus?   patch=merge:mountPath list=map:mountPath
  13 user                     *ContainerUser?
  14 allocatedResourcesStatus []ResourceStatus?      patch=merge:name list=map:name
  15 stopSignal               *string?

struct ContainerState | What a container does; one of three.
   1 waiting    *ContainerStateWaiting?    | It does not run yet.
   2 running    *ContainerStateRunning?    | It runs.
   3 terminated *ContainerStateTerminated? | It has ended.

struct ContainerStateWaiting | Why a container does not run yet.
   1 reason  string? | As one word for programs, such as ErrImagePull.
   2 message string? | As a sentence for people.

struct ContainerStateRunning | A container that runs.
   1 startedAt Time? | Since when.

struct ContainerStateTerminated | How a container ended.
   1 exitCode    int32   | Its exit status.
   2 signal      int32?  | The signal that ended it.
   3 reason      string? | As one word for programs, such as Completed or Error.
   4 message     string? | As a sentence for people.
   5 startedAt   Time?   | When it began.
   6 finishedAt  Time?   | When it ended.
   7 containerID string? | Which container of the runtime it was.

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
