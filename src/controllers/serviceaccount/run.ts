import { configMaps, namespaces, serviceAccounts } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isAlreadyExists } from "../../api/status-error.ts";
import type { ConfigMap } from "../../api/types.ts";
import { keyOf } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import type { ControllerContext } from "../controller.ts";
import { isNamespaceTerminating, runLoop } from "../controller.ts";
import { isTerminating } from "../pods.ts";

const ACCOUNT_NAME = "default";
const CA_NAME = "kube-root-ca.crt";
const CA_KEY = "ca.crt";

export interface ServiceAccountOptions {
  /** PEM of the authority that signed the API server's certificate; without it no ConfigMap is published. */
  readonly rootCa?: string;
}

/** Each namespace has a ServiceAccount `default` and the cluster's CA in a ConfigMap; both return when removed. */
export async function runServiceAccounts(
  context: ControllerContext,
  { rootCa }: ServiceAccountOptions = {},
): Promise<void> {
  const { api, informers } = context;
  const namespaceCache = informers.informer(namespaces);
  const accountCache = informers.informer(serviceAccounts);
  const mapCache = informers.informer(configMaps);

  async function work(namespace: string): Promise<WorkResult> {
    const object = namespaceCache.get(namespace);
    if (object === undefined || isTerminating(object)) return undefined;
    try {
      if (accountCache.get(`${namespace}/${ACCOUNT_NAME}`) === undefined) {
        await api.create(serviceAccounts, { metadata: { name: ACCOUNT_NAME, namespace } });
      }
    } catch (error) {
      if (!isFine(error)) throw error;
    }
    if (rootCa !== undefined) await publish(namespace, rootCa);
    return undefined;
  }

  async function publish(namespace: string, ca: string): Promise<void> {
    const wanted: ConfigMap = {
      metadata: {
        name: CA_NAME,
        namespace,
        annotations: {
          "kubernetes.io/description":
            "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
        },
      },
      data: { [CA_KEY]: ca },
    };
    const existing = mapCache.get(`${namespace}/${CA_NAME}`);
    try {
      if (existing === undefined) await api.create(configMaps, wanted);
      else if (!semanticEqual(existing.data, wanted.data)) {
        await api.update(configMaps, { ...existing, data: { [CA_KEY]: ca } });
      }
    } catch (error) {
      if (!isFine(error)) throw error;
    }
  }

  await runLoop(context, {
    name: "serviceaccount-controller",
    caches: [namespaceCache, accountCache, mapCache],
    work,
    wake: (queue) => {
      namespaceCache.subscribe(({ object }) => queue.add(keyOf(object)));
      accountCache.subscribe(({ type, object }) => {
        const { name, namespace = "" } = object.metadata;
        if (type === "DELETED" && name === ACCOUNT_NAME) queue.add(namespace);
      });
      mapCache.subscribe(({ type, object }) => {
        const { name, namespace = "" } = object.metadata;
        if (type !== "ADDED" && name === CA_NAME) queue.add(namespace);
      });
    },
  });
}

function isFine(error: unknown): boolean {
  return isAlreadyExists(error) || isNamespaceTerminating(error);
}
