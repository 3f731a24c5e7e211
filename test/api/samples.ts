import type { Deployment, EndpointSlice, PodSpec } from "../../src/api/types.ts";

// Valid objects that the tests of strategies and of validation change a little.

export const metadata = {
  name: "web",
  namespace: "default",
  uid: "u",
  resourceVersion: "5",
  creationTimestamp: "2026-01-01T00:00:00Z",
};

export const container = {
  name: "c",
  image: "nginx",
  imagePullPolicy: "Always",
  terminationMessagePolicy: "File",
};
export const podSpec: PodSpec = {
  containers: [container],
  restartPolicy: "Always",
  dnsPolicy: "Default",
};
export const labels = { app: "web" };
export const deployment: Deployment = {
  metadata: { ...metadata, generation: 1 },
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: podSpec },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
  },
  status: { replicas: 3 },
};
export const slice: EndpointSlice = {
  metadata: { ...metadata, generation: 1, labels },
  addressType: "IPv4",
  endpoints: [{ addresses: ["192.0.2.1"] }],
  ports: [{ name: "", protocol: "TCP", port: 80 }],
};
