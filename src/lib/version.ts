/** Portolan's own version; a test holds it equal to package.json's. */
export const portolanVersion = "0.1.0";

/** The Kubernetes release whose behaviour the API has, and the one charts and Helm check for. */
export const kubernetesMinor = { major: "1", minor: "33" } as const;

/** What `/version` and a node's `kubeletVersion` say: a real Kubernetes version with a build suffix (SemVer 2.0 §10). */
export const kubernetesVersion = "v1.33.4+portolan";
