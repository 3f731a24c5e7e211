import type { Container, Pod } from "../../api/types.ts";

/** Resources that the pods of a node may entitle it to read. */
const referables = ["configmaps", "secrets", "serviceaccounts"] as const;
export type Referable = (typeof referables)[number];

/** Whether pods can name objects of this resource. */
export function isReferable(plural: string): plural is Referable {
  return referables.some((one) => one === plural);
}

/** Whether a pod names an object of its namespace. Kubernetes' node authorizer lets a node read these and no others. */
export function refersTo(pod: Pod, plural: Referable, name: string): boolean {
  switch (plural) {
    case "configmaps":
      return configMapsOf(pod).includes(name);
    case "secrets":
      return secretsOf(pod).includes(name);
    case "serviceaccounts":
      return pod.spec?.serviceAccountName === name;
  }
}

function configMapsOf(pod: Pod): (string | undefined)[] {
  return [
    ...volumesOf(pod).flatMap(({ configMap, projected }) => [
      configMap?.name,
      ...(projected?.sources ?? []).map((source) => source.configMap?.name),
    ]),
    ...containersOf(pod).flatMap(({ env, envFrom }) => [
      ...(env ?? []).map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
      ...(envFrom ?? []).map(({ configMapRef }) => configMapRef?.name),
    ]),
  ];
}

function secretsOf(pod: Pod): (string | undefined)[] {
  return [
    ...(pod.spec?.imagePullSecrets ?? []).map(({ name }) => name),
    ...volumesOf(pod).flatMap(({ secret, projected }) => [
      secret?.secretName,
      ...(projected?.sources ?? []).map((source) => source.secret?.name),
    ]),
    ...containersOf(pod).flatMap(({ env, envFrom }) => [
      ...(env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...(envFrom ?? []).map(({ secretRef }) => secretRef?.name),
    ]),
  ];
}

const volumesOf = ({ spec }: Pod) => spec?.volumes ?? [];

function containersOf({ spec }: Pod): readonly Pick<Container, "env" | "envFrom">[] {
  return [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
}
