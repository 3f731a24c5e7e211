import type { EndpointSlice, Pod, Service } from "../../api/types.ts";
import { LABEL_BYTES_MAX, labelKey, type NameKey, parseName, relativeKey } from "../wire/name.ts";
import { type Address, canonicalText, dashedAddress, parseAddress } from "./addresses.ts";

/** A port under its SRV labels; an unnamed port has none of its own. */
export interface PortView {
  /** `_name._proto` as a relative key; undefined for an unnamed port. */
  readonly srvKey: NameKey | undefined;
  /** `_proto` as a relative key. */
  readonly protocolKey: NameKey;
  readonly port: number;
}

/** What DNS needs of a Service. */
export interface ServiceView {
  /** `name.namespace` as a relative key. */
  readonly key: NameKey;
  readonly namespaceKey: NameKey;
  readonly kind: "cluster" | "headless" | "external";
  /** Empty unless `kind` is "cluster". */
  readonly clusterIps: readonly Address[];
  /** Where an ExternalName leads, in wire form; undefined if that is no name. */
  readonly target: Uint8Array | undefined;
  readonly ports: readonly PortView[];
}

/** One address of a ready endpoint. */
export interface EndpointView {
  /** Its name below the Service, as a relative key of one label. */
  readonly hostKey: NameKey;
  readonly address: Address;
  /** The topology zone as a relative key, of several labels if its name has dots; undefined if unknown. */
  readonly zoneKey: NameKey | undefined;
}

/** What DNS needs of an EndpointSlice. */
export interface SliceView {
  /** `name.namespace` of the Service, as a relative key. */
  readonly serviceKey: NameKey;
  readonly ports: readonly PortView[];
  readonly endpoints: readonly EndpointView[];
}

/** What DNS needs of a Pod. */
export interface PodView {
  /** `dashed-address.namespace` as a relative key, with the address, one for each of its addresses. */
  readonly records: readonly { readonly key: NameKey; readonly address: Address }[];
}

/** The name of an endpoint without a `hostname`: its address with dashes, or its pod's name if that fits. */
export type EndpointNames = "address" | "pod";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

export function serviceView(service: Service): ServiceView | undefined {
  const { name = "", namespace = "" } = service.metadata;
  if (!isLabel(name) || !isLabel(namespace)) return undefined;
  const spec = service.spec ?? {};
  const clusterIps = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  const kind =
    spec.type === "ExternalName" ? "external" : clusterIps[0] === "None" ? "headless" : "cluster";
  return {
    key: relativeKey(name, namespace),
    namespaceKey: labelKey(namespace),
    kind,
    clusterIps: kind === "cluster" ? clusterIps.flatMap((ip) => parseAddress(ip) ?? []) : [],
    target: kind === "external" ? targetOf(spec.externalName ?? "") : undefined,
    ports: (spec.ports ?? []).flatMap((port) => portView(port) ?? []),
  };
}

/** An address literal is no name: an alias that leads to one leads nowhere (as CoreDNS). */
function targetOf(externalName: string): Uint8Array | undefined {
  return parseAddress(externalName) === undefined ? parseName(externalName) : undefined;
}

export function sliceView(slice: EndpointSlice, names: EndpointNames): SliceView | undefined {
  const { namespace = "", labels = {} } = slice.metadata;
  const service = labels[SERVICE_NAME_LABEL] ?? "";
  if (!isLabel(service) || !isLabel(namespace)) return undefined;
  return {
    serviceKey: relativeKey(service, namespace),
    ports: (slice.ports ?? []).flatMap((port) => portView(port) ?? []),
    // Go servers write an empty list as null.
    endpoints: (slice.endpoints ?? []).flatMap((endpoint) => {
      // An absent condition counts as ready; serving and terminating are for the proxy (KEP-1672).
      if (endpoint.conditions?.ready === false) return [];
      const pod = names === "pod" ? endpoint.targetRef?.name : undefined;
      const host = [endpoint.hostname, pod].find((each) => each !== undefined && isLabel(each));
      const zoneLabels = endpoint.zone?.split(".");
      const zoneKey = zoneLabels?.every(isLabel) ? relativeKey(...zoneLabels) : undefined;
      return endpoint.addresses.flatMap((text) => {
        const address = parseAddress(text);
        if (address === undefined) return [];
        return {
          hostKey: labelKey(host ?? dashedAddress(canonicalText(text) ?? text)),
          address,
          zoneKey,
        };
      });
    }),
  };
}

/** A pod that is leaving, or whose processes have ended, has no name: its address may be another's soon. */
export function podView(pod: Pod): PodView | undefined {
  const { namespace = "", deletionTimestamp } = pod.metadata;
  const { phase, podIP, podIPs } = pod.status ?? {};
  if (deletionTimestamp !== undefined || phase === "Succeeded" || phase === "Failed")
    return undefined;
  if (!isLabel(namespace)) return undefined;
  const texts = podIPs?.flatMap(({ ip }) => ip ?? []) ?? (podIP === undefined ? [] : [podIP]);
  return {
    records: texts.flatMap((text) => {
      const address = parseAddress(text);
      if (address === undefined) return [];
      return { key: relativeKey(dashedAddress(canonicalText(text) ?? text), namespace), address };
    }),
  };
}

function portView(port: {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
}): PortView | undefined {
  if (port.port === undefined || port.port === null) return undefined;
  const protocol = `_${port.protocol ?? "TCP"}`;
  const hasName = port.name !== undefined && port.name !== "";
  return {
    srvKey: hasName ? relativeKey(`_${port.name}`, protocol) : undefined,
    protocolKey: labelKey(protocol),
    port: port.port,
  };
}

/** Whether a text can be one label as it stands. Names with dots cannot (a pod may have one). */
function isLabel(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text) && text.length <= LABEL_BYTES_MAX;
}
