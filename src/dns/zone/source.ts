import type { EndpointSlice, KubeObject, Namespace, Pod, Service } from "../../api/types.ts";
import type { Change } from "../../client/api.ts";
import { relativeKey } from "../wire/name.ts";
import { type EndpointNames, podView, serviceView, sliceView } from "./views.ts";
import type { ZoneObjects } from "./zone-objects.ts";

export interface SourceOptions {
  /** What an endpoint without a host name is called. */
  readonly endpointNames: EndpointNames;
  /** Whether endpoints have names and addresses at all; without them headless Services do not exist. */
  readonly endpoints: boolean;
  /** The only namespaces that exist for clients; empty for all. */
  readonly namespaces: readonly string[];
}

/** Receivers of changes, one per kind, that keep a zone's objects. */
export interface ZoneSource {
  readonly onNamespace: (change: Change<Namespace>) => void;
  readonly onService: (change: Change<Service>) => void;
  readonly onSlice: (change: Change<EndpointSlice>) => void;
  readonly onPod: (change: Change<Pod>) => void;
}

/** Narrows changed objects to what the zone needs and puts them there. */
export function createZoneSource(objects: ZoneObjects, options: SourceOptions): ZoneSource {
  const isExposed = (namespace: string) =>
    options.namespaces.length === 0 || options.namespaces.includes(namespace);
  const present = <T extends KubeObject>({ type, object }: Change<T>): T | undefined =>
    type === "DELETED" || !isExposed(object.metadata.namespace ?? "") ? undefined : object;

  return {
    onNamespace: ({ type, object }) => {
      const { name = "" } = object.metadata;
      objects.setNamespace(name, type !== "DELETED" && isExposed(name));
    },
    onService: (change) => {
      const { name = "", namespace = "" } = change.object.metadata;
      const service = present(change);
      objects.setService(relativeKey(name, namespace), service && serviceView(service));
    },
    onSlice: (change) => {
      if (!options.endpoints) return;
      const slice = present(change);
      objects.setSlice(keyOf(change.object), slice && sliceView(slice, options.endpointNames));
    },
    onPod: (change) => {
      const pod = present(change);
      objects.setPod(keyOf(change.object), pod && podView(pod));
    },
  };
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
