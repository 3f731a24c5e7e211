/** Who has a role: users or groups of the client certificate. */
export interface Subjects {
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  /** With the sub-resource, such as `pods/status`. `*` is all of them. */
  readonly resources: readonly string[];
  /** Only in these. */
  readonly namespaces?: readonly string[];
  /** Only what is the calling node's own: an object of its name, a pod that is bound to it, what such a pod uses. */
  readonly own?: "name" | "pod" | "used";
}

export interface PathRule {
  readonly verbs: readonly string[];
  /** A star at the end stands for anything. */
  readonly paths: readonly string[];
}

export interface Role {
  readonly name: string;
  readonly subjects: Subjects;
  readonly rules?: readonly ResourceRule[];
  readonly paths?: readonly PathRule[];
}

const read = ["get", "list", "watch"] as const;
const write = ["create", "update", "patch", "delete"] as const;
const core = [""] as const;
const discovery = ["discovery.k8s.io"] as const;
const coordination = ["coordination.k8s.io"] as const;
const writeEvents: ResourceRule = {
  verbs: ["create", "patch", "update"],
  groups: core,
  resources: ["events"],
};
const readServices: readonly ResourceRule[] = [
  { verbs: read, groups: core, resources: ["services", "endpoints", "nodes"] },
  { verbs: read, groups: discovery, resources: ["endpointslices"] },
];

/** Everything that anybody may do. RBAC objects can only ever add to this. */
export const roles: readonly Role[] = [
  {
    name: "cluster-admin",
    subjects: { groups: ["system:masters"] },
    rules: [{ verbs: ["*"], groups: ["*"], resources: ["*"] }],
    paths: [{ verbs: ["*"], paths: ["*"] }],
  },
  {
    // What everyone with a certificate has in Kubernetes; it shows no object.
    name: "system:discovery",
    subjects: { groups: ["system:authenticated"] },
    rules: [
      {
        verbs: ["create"],
        groups: ["authorization.k8s.io"],
        resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
      },
      {
        verbs: ["create"],
        groups: ["authentication.k8s.io"],
        resources: ["selfsubjectreviews"],
      },
    ],
    paths: [
      {
        verbs: ["get"],
        paths: ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"],
      },
    ],
  },
  {
    name: "system:public-info-viewer",
    subjects: { groups: ["system:authenticated", "system:unauthenticated"] },
    paths: [
      {
        verbs: ["get"],
        paths: [
          "/healthz",
          "/healthz/*",
          "/livez",
          "/livez/*",
          "/readyz",
          "/readyz/*",
          "/version",
          "/version/",
        ],
      },
    ],
  },
  {
    name: "system:kube-scheduler",
    subjects: { users: ["system:kube-scheduler"] },
    rules: [
      { verbs: read, groups: core, resources: ["pods", "nodes", "services", "namespaces"] },
      { verbs: read, groups: ["apps"], resources: ["replicasets", "statefulsets"] },
      { verbs: ["create"], groups: core, resources: ["pods/binding", "bindings"] },
      { verbs: ["patch", "update"], groups: core, resources: ["pods/status"] },
      { verbs: [...read, ...write], groups: coordination, resources: ["leases"] },
      writeEvents,
    ],
  },
  {
    // Garbage collection and the deletion of namespaces reach every kind; what makes pods runs as them.
    name: "system:kube-controller-manager",
    subjects: { users: ["system:kube-controller-manager"] },
    rules: [
      {
        verbs: [...read, ...write, "deletecollection"],
        groups: [...core, "apps", ...discovery, ...coordination],
        resources: [
          "configmaps",
          "controllerrevisions",
          "deployments",
          "deployments/status",
          "endpoints",
          "endpointslices",
          "events",
          "leases",
          "namespaces",
          "namespaces/finalize",
          "namespaces/status",
          "pods",
          "pods/binding",
          "pods/eviction",
          "pods/status",
          "replicasets",
          "replicasets/scale",
          "replicasets/status",
          "serviceaccounts",
          "services",
          "services/status",
          "statefulsets",
          "statefulsets/status",
        ],
      },
      {
        verbs: [...read, "patch", "update"],
        groups: core,
        resources: ["nodes", "nodes/status"],
      },
      {
        verbs: ["list", "watch", "delete", "deletecollection", "patch", "update"],
        groups: core,
        resources: ["secrets"],
      },
    ],
  },
  {
    name: "system:node-proxier",
    subjects: { users: ["system:kube-proxy"] },
    rules: [...readServices, writeEvents],
  },
  {
    name: "portolan:dns",
    subjects: { users: ["portolan:dns", "system:serviceaccount:kube-system:coredns"] },
    rules: [
      ...readServices,
      { verbs: read, groups: core, resources: ["namespaces", "pods"] },
      writeEvents,
    ],
  },
  {
    // Keeps the Service kube-dns and its slices over the nodes' own servers.
    name: "portolan:dns-announcer",
    subjects: { users: ["portolan:dns"] },
    rules: [
      { verbs: write, groups: core, resources: ["services"], namespaces: ["kube-system"] },
      {
        verbs: write,
        groups: discovery,
        resources: ["endpointslices"],
        namespaces: ["kube-system"],
      },
    ],
  },
  {
    name: "system:node",
    subjects: { groups: ["system:nodes"] },
    rules: [
      ...readServices,
      { verbs: read, groups: core, resources: ["pods", "namespaces"] },
      {
        verbs: ["get"],
        groups: core,
        resources: ["configmaps", "secrets", "serviceaccounts"],
        own: "used",
      },
      { verbs: write, groups: core, resources: ["nodes"], own: "name" },
      { verbs: ["patch", "update"], groups: core, resources: ["nodes/status"], own: "name" },
      { verbs: ["patch", "update"], groups: core, resources: ["pods/status"], own: "pod" },
      { verbs: ["delete"], groups: core, resources: ["pods"], own: "pod" },
      {
        verbs: ["get", ...write],
        groups: coordination,
        resources: ["leases"],
        namespaces: ["kube-node-lease"],
        own: "name",
      },
      writeEvents,
    ],
  },
];
