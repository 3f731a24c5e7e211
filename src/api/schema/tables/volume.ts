import type { Table } from "../parse-tables.ts";

/** Volumes of pods, and claims (core/v1). Portolan keeps and shows all of them, and mounts few. */
export const volumeTable: Table = {
  name: "core",
  text: `
enum AzureDataDiskCachingMode = None ReadOnly ReadWrite
enum AzureDataDiskKind = Dedicated Managed Shared
enum ClaimResourceStatus = ControllerResizeInProgress ControllerResizeInfeasible NodeResizeInProgress NodeResizeInfeasible NodeResizePending
enum HostPathType = BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket
enum PersistentVolumeAccessMode = ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
enum PersistentVolumeClaimModifyVolumeStatus = InProgress Infeasible Pending
enum PersistentVolumeClaimPhase = Bound Lost Pending
enum PersistentVolumeMode = Block Filesystem

struct Volume | A directory that containers can mount.
   1 name            string | A DNS label, unique in the pod.
   2 ...VolumeSource

struct VolumeSource
   1 hostPath              *HostPathVolumeSource?              | A file or directory of the node.
   2 emptyDir              *EmptyDirVolumeSource?              | A new directory that lives as long as the pod.
   3 gcePersistentDisk     *GCEPersistentDiskVolumeSource?
   4 awsElasticBlockStore  *AWSElasticBlockStoreVolumeSource?
   5 gitRepo               *GitRepoVolumeSource?
   6 secret                *SecretVolumeSource?                | The entries of a Secret, as files.
   7 nfs                   *NFSVolumeSource?
   8 iscsi                 *ISCSIVolumeSource?
   9 glusterfs             *GlusterfsVolumeSource?
  10 persistentVolumeClaim *PersistentVolumeClaimVolumeSource? | A claim of the same namespace.
  11 rbd                   *RBDVolumeSource?
  12 flexVolume            *FlexVolumeSource?
  13 cinder                *CinderVolumeSource?
  14 cephfs                *CephFSVolumeSource?
  15 flocker               *FlockerVolumeSource?
  16 downwardAPI           *DownwardAPIVolumeSource?           | Fields of the pod, as files.
  17 fc                    *FCVolumeSource?
  18 azureFile             *AzureFileVolumeSource?
  19 configMap             *ConfigMapVolumeSource?             | The entries of a ConfigMap, as files.
  20 vsphereVolume         *VsphereVirtualDiskVolumeSource?
  21 quobyte               *QuobyteVolumeSource?
  22 azureDisk             *AzureDiskVolumeSource?
  23 photonPersistentDisk  *PhotonPersistentDiskVolumeSource?
  24 portworxVolume        *PortworxVolumeSource?
  25 scaleIO               *ScaleIOVolumeSource?
  26 projected             *ProjectedVolumeSource?             | Several sources in one directory.
  27 storageos             *StorageOSVolumeSource?
  28 csi                   *CSIVolumeSource?
  29 ephemeral             *EphemeralVolumeSource?
  30 image                 *ImageVolumeSource?

struct HostPathVolumeSource | A file or directory of the node.
   1 path string             | Where it is on the node.
   2 type *HostPathType? ="" | What has to be there already, or is to be made.

struct EmptyDirVolumeSource | A new directory that lives as long as the pod.
   1 medium    string?    | Memory for a file system in memory; empty for the node's disk.
   2 sizeLimit *Quantity? | The most that it may hold.

struct GCEPersistentDiskVolumeSource
   1 pdName    string
   2 fsType    string?
   3 partition int32?
   4 readOnly  bool?

struct AWSElasticBlockStoreVolumeSource
   1 volumeID  string
   2 fsType    string?
   3 partition int32?
   4 readOnly  bool?

struct GitRepoVolumeSource
   1 repository string
   2 revision   string?
   3 directory  string?

struct SecretVolumeSource | The entries of a Secret, as files.
   1 secretName  string?                  | Name of the Secret.
   2 items       []KeyToPath? list=atomic | Which entries, and under which names; default is all.
   3 defaultMode *int32?      =420        | Permissions of the files.
   4 optional    *bool?                   | Whether the Secret may be missing.

struct KeyToPath | An entry as a file.
   1 key  string  | The entry.
   2 path string  | The file, relative to the volume.
   3 mode *int32? | Its permissions.

struct NFSVolumeSource
   1 server   string
   2 path     string
   3 readOnly bool?

struct ISCSIVolumeSource
   1 targetPortal      string
   2 iqn               string
   3 lun               int32
   4 iscsiInterface    string?                =default
   5 fsType            string?
   6 readOnly          bool?
   7 portals           []string?              list=atomic
   8 chapAuthDiscovery bool?
  10 secretRef         *LocalObjectReference?
  11 chapAuthSession   bool?
  12 initiatorName     *string?

struct LocalObjectReference atomic | Names an object of the same namespace.
   1 name string? | Its name.

struct GlusterfsVolumeSource
   1 endpoints string
   2 path      string
   3 readOnly  bool?

struct PersistentVolumeClaimVolumeSource
   1 claimName string
   2 readOnly  bool?

struct RBDVolumeSource
   1 monitors  []string               list=atomic
   2 image     string
   3 fsType    string?
   4 pool      string?                =rbd
   5 user      string?                =admin
   6 keyring   string?                =/etc/ceph/keyring
   7 secretRef *LocalObjectReference?
   8 readOnly  bool?

struct FlexVolumeSource
   1 driver    string
   2 fsType    string?
   3 secretRef *LocalObjectReference?
   4 readOnly  bool?
   5 options   {}string?

struct CinderVolumeSource
   1 volumeID  string
   2 fsType    string?
   3 readOnly  bool?
   4 secretRef *LocalObjectReference?

struct CephFSVolumeSource
   1 monitors   []string               list=atomic
   2 path       string?
   3 user       string?
   4 secretFile string?
   5 secretRef  *LocalObjectReference?
   6 readOnly   bool?

struct FlockerVolumeSource
   1 datasetName string?
   2 datasetUUID string?

struct DownwardAPIVolumeSource
   1 items       []DownwardAPIVolumeFile? list=atomic
   2 defaultMode *int32?                  =420

struct DownwardAPIVolumeFile
   1 path             string
   2 fieldRef         *ObjectFieldSelector?
   3 resourceFieldRef *ResourceFieldSelector?
   4 mode             *int32?

struct ObjectFieldSelector atomic | A field of the pod.
   1 apiVersion string? =v1 | Version of the schema that the path follows.
   2 fieldPath  string      | The field, such as status.podIP.

struct ResourceFieldSelector atomic | An amount of a container.
   1 containerName string?   | The container.
   2 resource      string    | The amount, such as limits.cpu.
   3 divisor       Quantity? | The unit that the value is given in.

struct FCVolumeSource
   1 targetWWNs []string? list=atomic
   2 lun        *int32?
   3 fsType     string?
   4 readOnly   bool?
   5 wwids      []string? list=atomic

struct AzureFileVolumeSource
   1 secretName string
   2 shareName  string
   3 readOnly   bool?

struct ConfigMapVolumeSource | The entries of a ConfigMap, as files.
   1 ...LocalObjectReference
   2 items                   []KeyToPath? list=atomic | Which entries, and under which names; default is all.
   3 defaultMode             *int32?      =420        | Permissions of the files.
   4 optional                *bool?                   | Whether the ConfigMap may be missing.

struct VsphereVirtualDiskVolumeSource
   1 volumePath        string
   2 fsType            string?
   3 storagePolicyName string?
   4 storagePolicyID   string?

struct QuobyteVolumeSource
   1 registry string
   2 volume   string
   3 readOnly bool?
   4 user     string?
   5 group    string?
   6 tenant   string?

struct AzureDiskVolumeSource
   1 diskName    string
   2 diskURI     string
   3 cachingMode *AzureDataDiskCachingMode? =ReadWrite
   4 fsType      *string?                   =ext4
   5 readOnly    *bool?                     =false
   6 kind        *AzureDataDiskKind?        =Shared

struct PhotonPersistentDiskVolumeSource
   1 pdID   string
   2 fsType string?

struct ProjectedVolumeSource
   1 sources     []VolumeProjection optional list=atomic
   2 defaultMode *int32?            =420

struct VolumeProjection
   1 secret              *SecretProjection?
   2 downwardAPI         *DownwardAPIProjection?
   3 configMap           *ConfigMapProjection?
   4 serviceAccountToken *ServiceAccountTokenProjection?
   5 clusterTrustBundle  *ClusterTrustBundleProjection?

struct SecretProjection
   1 ...LocalObjectReference
   2 items                   []KeyToPath? list=atomic
   4 optional                *bool?

struct DownwardAPIProjection
   1 items []DownwardAPIVolumeFile? list=atomic

struct ConfigMapProjection
   1 ...LocalObjectReference
   2 items                   []KeyToPath? list=atomic
   4 optional                *bool?

struct ServiceAccountTokenProjection
   1 audience          string?
   2 expirationSeconds *int64? =3600
   3 path              string

struct ClusterTrustBundleProjection
   1 name          *string?
   2 signerName    *string?
   3 labelSelector *LabelSelector?
   4 path          string
   5 optional      *bool?

struct PortworxVolumeSource
   1 volumeID string
   2 fsType   string?
   3 readOnly bool?

struct ScaleIOVolumeSource
   1 gateway          string
   2 system           string
   3 secretRef        *LocalObjectReference
   4 sslEnabled       bool?
   5 protectionDomain string?
   6 storagePool      string?
   7 storageMode      string?               =ThinProvisioned
   8 volumeName       string?
   9 fsType           string?               =xfs
  10 readOnly         bool?

struct StorageOSVolumeSource
   1 volumeName      string?
   2 volumeNamespace string?
   3 fsType          string?
   4 readOnly        bool?
   5 secretRef       *LocalObjectReference?

struct CSIVolumeSource
   1 driver               string
   2 readOnly             *bool?
   3 fsType               *string?
   4 volumeAttributes     {}string?
   5 nodePublishSecretRef *LocalObjectReference?

struct EphemeralVolumeSource
   1 volumeClaimTemplate *PersistentVolumeClaimTemplate?

struct PersistentVolumeClaimTemplate
   1 metadata ObjectMeta?
   2 spec     PersistentVolumeClaimSpec

struct PersistentVolumeClaimSpec
   1 accessModes               []PersistentVolumeAccessMode? list=atomic
   2 resources                 VolumeResourceRequirements?
   3 volumeName                string?
   4 selector                  *LabelSelector?
   5 storageClassName          *string?
   6 volumeMode                *PersistentVolumeMode?        =Filesystem
   7 dataSource                *TypedLocalObjectReference?
   8 dataSourceRef             *TypedObjectReference?
   9 volumeAttributesClassName *string?

struct VolumeResourceRequirements
   1 limits   {}Quantity?
   2 requests {}Quantity?

struct TypedLocalObjectReference atomic
   1 apiGroup *string optional
   2 kind     string
   3 name     string

struct TypedObjectReference
   1 apiGroup  *string  optional
   2 kind      string
   3 name      string
   4 namespace *string?

struct ImageVolumeSource
   1 reference  string?
   2 pullPolicy PullPolicy?

kind PersistentVolumeClaim
   1 metadata ObjectMeta?
   2 spec     PersistentVolumeClaimSpec?
   3 status   PersistentVolumeClaimStatus?

struct PersistentVolumeClaimStatus
   1 phase                            PersistentVolumeClaimPhase?       =Pending
   2 accessModes                      []PersistentVolumeAccessMode?     list=atomic
   3 capacity                         {}Quantity?
   4 conditions                       []PersistentVolumeClaimCondition? patch=merge:type list=map:type
   5 allocatedResources               {}Quantity?
   7 allocatedResourceStatuses        {}ClaimResourceStatus?
   8 currentVolumeAttributesClassName *string?
   9 modifyVolumeStatus               *ModifyVolumeStatus?

struct PersistentVolumeClaimCondition
   1 type               string
   2 status             string
   3 lastProbeTime      Time?
   4 lastTransitionTime Time?
   5 reason             string?
   6 message            string?

struct ModifyVolumeStatus
   1 targetVolumeAttributesClassName string?
   2 status                          PersistentVolumeClaimModifyVolumeStatus
`,
};
