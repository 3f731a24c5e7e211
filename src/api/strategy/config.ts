import { Buffer } from "node:buffer";
import { without } from "../copy.ts";
import type { ConfigMap, Secret, ServiceAccount } from "../types.ts";
import {
  validateConfigMap,
  validateConfigMapChange,
  validateSecret,
  validateSecretChange,
} from "../validation/config.ts";
import { dnsSubdomain } from "../validation/names.ts";
import { defineStrategy } from "./strategy-shape.ts";

/** The rules of ConfigMaps. */
export const configMapStrategy = defineStrategy<ConfigMap>({
  namespaced: true,
  name: dnsSubdomain,
  validate: validateConfigMap,
  validateChange: validateConfigMapChange,
});

/** The rules of Secrets. */
export const secretStrategy = defineStrategy<Secret>({
  namespaced: true,
  name: dnsSubdomain,
  prepareForCreate: withStringData,
  // A client that leaves out the type means the one that is there: it cannot change.
  prepareForUpdate: (secret, old) =>
    withStringData(secret.type || !old.type ? secret : { ...secret, type: old.type }),
  validate: validateSecret,
  validateChange: validateSecretChange,
  fields: { type: ({ type }) => type ?? "" },
});

/** `stringData` is written only: its values go into `data`, encoded, over what is there. */
function withStringData(secret: Secret): Secret {
  const { stringData } = secret;
  if (stringData === undefined) return secret;
  const encoded = Object.entries(stringData).map(([key, value]): [string, string] => [
    key,
    Buffer.from(value).toString("base64"),
  ]);
  // fromEntries makes a key like __proto__ one of its own.
  const data = Object.fromEntries([...Object.entries(secret.data ?? {}), ...encoded]);
  return without({ ...secret, data }, "stringData");
}

/** The rules of ServiceAccounts. */
export const serviceAccountStrategy = defineStrategy<ServiceAccount>({
  namespaced: true,
  name: dnsSubdomain,
  validate: () => [],
  updatesUnconditionally: false,
});
