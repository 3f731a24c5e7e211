import { parseIp } from "../../lib/ip.ts";
import { type FieldError, invalidEach, required } from "../field-error.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from "../types.ts";
import { dnsLabel, dnsSubdomain, portNumber, qualifiedName } from "./names.ts";
import { protocols, validateEndpointIp } from "./network.ts";
import { validateWord } from "./words.ts";

/** What is wrong with Endpoints. */
export function validateEndpoints({ subsets = [] }: Endpoints): FieldError[] {
  return subsets.flatMap((subset, index) => validateSubset(subset, `subsets[${index}]`));
}

function validateSubset(subset: EndpointSubset, field: string): FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  return [
    ...(addresses.length + notReadyAddresses.length === 0
      ? [required(field, "must specify `addresses` or `notReadyAddresses`")]
      : []),
    ...addresses.flatMap((one, index) => validateAddress(one, `${field}.addresses[${index}]`)),
    ...notReadyAddresses.flatMap((one, index) =>
      validateAddress(one, `${field}.notReadyAddresses[${index}]`),
    ),
    ...ports.flatMap((port, index) =>
      validatePort(port, ports.length > 1, `${field}.ports[${index}]`),
    ),
  ];
}

function validateAddress(
  { ip = "", hostname, nodeName }: EndpointAddress,
  field: string,
): FieldError[] {
  return [
    ...validateEndpointIp(ip, `${field}.ip`),
    ...(hostname ? invalidEach(`${field}.hostname`, hostname, dnsLabel(hostname)) : []),
    // Some providers name nodes by their addresses.
    ...(nodeName && parseIp(nodeName) === undefined
      ? invalidEach(`${field}.nodeName`, nodeName, dnsSubdomain(nodeName))
      : []),
  ];
}

function validatePort(
  { name = "", port = 0, protocol = "", appProtocol }: EndpointPort,
  needsName: boolean,
  field: string,
): FieldError[] {
  return [
    ...(name === ""
      ? needsName
        ? [required(`${field}.name`)]
        : []
      : invalidEach(`${field}.name`, name, dnsLabel(name))),
    ...invalidEach(`${field}.port`, port, portNumber(port)),
    ...validateWord(protocol, protocols, `${field}.protocol`),
    ...(appProtocol === undefined
      ? []
      : invalidEach(`${field}.appProtocol`, appProtocol, qualifiedName(appProtocol))),
  ];
}
