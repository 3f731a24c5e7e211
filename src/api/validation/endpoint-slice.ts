import { parseIp } from "../../lib/ip.ts";
import {
  duplicate,
  type FieldError,
  invalid,
  invalidEach,
  required,
  tooMany,
} from "../field-error.ts";
import type { Endpoint, EndpointHints, EndpointSlice, EndpointSlicePort } from "../types.ts";
import {
  dnsLabel,
  dnsSubdomain,
  immutable,
  labelValueRule,
  portNumber,
  qualifiedName,
} from "./names.ts";
import { protocols, validateEndpointIp } from "./network.ts";
import { repeats } from "./repeats.ts";
import { validateWord } from "./words.ts";

const endpointsMax = 1000;
const addressesMax = 100;
/** The documented limit is 100; the API server has always taken this many. */
const portsMax = 20_000;
const hintsMax = 8;

const addressTypes = ["FQDN", "IPv4", "IPv6"];

/** What is wrong with an EndpointSlice. */
export function validateEndpointSlice(slice: EndpointSlice): FieldError[] {
  const { addressType = "", endpoints = [], ports = [] } = slice;
  return [
    ...validateWord(addressType, addressTypes, "addressType"),
    ...(endpoints.length > endpointsMax
      ? [tooMany("endpoints", endpoints.length, endpointsMax)]
      : endpoints.flatMap((endpoint, index) =>
          validateEndpoint(endpoint, addressType, `endpoints[${index}]`),
        )),
    ...validatePorts(ports),
  ];
}

/** The family of a slice's addresses stays. */
export function validateEndpointSliceChange(next: EndpointSlice, old: EndpointSlice): FieldError[] {
  return next.addressType === old.addressType
    ? []
    : [invalid("addressType", next.addressType, immutable)];
}

function validateEndpoint(endpoint: Endpoint, addressType: string, field: string): FieldError[] {
  const { addresses = [], hostname, nodeName, zone, hints } = endpoint;
  const at = `${field}.addresses`;
  return [
    ...(addresses.length === 0 ? [required(at, "must contain at least 1 address")] : []),
    ...(addresses.length > addressesMax ? [tooMany(at, addresses.length, addressesMax)] : []),
    ...addresses.flatMap((text, index) => validateAddress(text, addressType, `${at}[${index}]`)),
    ...(hostname === undefined
      ? []
      : invalidEach(`${field}.hostname`, hostname, dnsLabel(hostname))),
    ...(nodeName === undefined
      ? []
      : invalidEach(`${field}.nodeName`, nodeName, dnsSubdomain(nodeName))),
    ...(zone === undefined ? [] : invalidEach(`${field}.zone`, zone, labelValueRule(zone))),
    ...(hints === undefined ? [] : validateHints(hints, `${field}.hints`)),
  ];
}

function validateAddress(text: string, addressType: string, field: string): FieldError[] {
  if (addressType === "FQDN") return validateDomainName(text, field);
  if (addressType !== "IPv4" && addressType !== "IPv6") return [];
  const family = parseIp(text)?.family;
  return [
    ...(family !== undefined && family !== addressType
      ? [invalid(field, text, `must be an ${addressType} address`)]
      : []),
    ...validateEndpointIp(text, field),
  ];
}

function validateDomainName(text: string, field: string): FieldError[] {
  if (text === "") return [required(field)];
  const name = text.replace(/\.$/, "");
  const problems = dnsSubdomain(name);
  if (problems.length > 0) return [invalid(field, name, problems.join(","))];
  const labels = name.split(".");
  if (labels.length < 2) {
    const detail = "should be a domain with at least two segments separated by dots";
    return [invalid(field, name, detail)];
  }
  const wrong = labels.find((label) => dnsLabel(label).length > 0);
  return wrong === undefined ? [] : [invalid(field, wrong, dnsLabel(wrong).join(","))];
}

function validateHints(
  { forZones = [], forNodes = [] }: EndpointHints,
  field: string,
): FieldError[] {
  return [
    ...validateHintList(forZones, `${field}.forZones`, labelValueRule),
    ...validateHintList(forNodes, `${field}.forNodes`, dnsSubdomain),
  ];
}

function validateHintList(
  hints: readonly { readonly name: string }[],
  field: string,
  rule: (name: string) => string[],
): FieldError[] {
  if (hints.length > hintsMax) return [tooMany(field, hints.length, hintsMax)];
  const names = hints.map(({ name = "" }) => name);
  const repeated = repeats(names);
  return names.flatMap((name, index) => {
    const at = `${field}[${index}].name`;
    if (name === "") return [required(at)];
    return repeated[index] ? [duplicate(at, name)] : invalidEach(at, name, rule(name));
  });
}

function validatePorts(ports: readonly EndpointSlicePort[]): FieldError[] {
  if (ports.length > portsMax) return [tooMany("ports", ports.length, portsMax)];
  const repeated = repeats(ports.map(({ name = "" }) => name));
  return ports.flatMap(({ name = "", port, protocol = "", appProtocol }, index) => {
    const field = `ports[${index}]`;
    return [
      ...(name === "" ? [] : invalidEach(`${field}.name`, name, dnsLabel(name))),
      ...(repeated[index] ? [duplicate(`${field}.name`, name)] : []),
      ...(port === undefined ? [] : invalidEach(`${field}.port`, port, portNumber(port))),
      ...validateWord(protocol, protocols, `${field}.protocol`),
      ...(appProtocol === undefined
        ? []
        : invalidEach(`${field}.appProtocol`, appProtocol, qualifiedName(appProtocol))),
    ];
  });
}
