import { type FieldError, invalid, invalidEach, required } from "../field-error.ts";
import type { PodDNSConfig, PodSpec } from "../types.ts";
import { dnsSubdomain, dnsSubdomainBytesMax } from "./names.ts";
import { validateIp } from "./network.ts";

/** Name servers, search domains and characters of them all that resolvers are sure to take. */
const nameserversMax = 3;
const searchesMax = 32;
const searchCharactersMax = 2048;

/** How a pod's resolver is set up. Without nameservers of the cluster's choice there must be some of its own. */
export function validateDnsConfig({ dnsPolicy, dnsConfig }: PodSpec, field: string): FieldError[] {
  const at = `${field}.dnsConfig`;
  if (dnsPolicy === "None" && dnsConfig === undefined) {
    return [required(at, "must provide `dnsConfig` when `dnsPolicy` is None")];
  }
  if (dnsPolicy === "None" && (dnsConfig?.nameservers ?? []).length === 0) {
    const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    return [required(`${at}.nameservers`, detail)];
  }
  return dnsConfig === undefined ? [] : validateDnsLists(dnsConfig, at);
}

function validateDnsLists(config: PodDNSConfig, field: string): FieldError[] {
  const { nameservers = [], searches = [], options = [] } = config;
  const listed = searches.join(" ").length;
  return [
    ...(nameservers.length > nameserversMax
      ? [
          invalid(
            `${field}.nameservers`,
            nameservers,
            `must not have more than ${nameserversMax} nameservers`,
          ),
        ]
      : []),
    ...nameservers.flatMap((ip, index) => validateIp(ip, `${field}.nameservers[${index}]`)),
    ...(searches.length > searchesMax
      ? [
          invalid(
            `${field}.searches`,
            searches,
            `must not have more than ${searchesMax} search paths`,
          ),
        ]
      : []),
    ...(listed > searchCharactersMax
      ? [
          invalid(
            `${field}.searches`,
            searches,
            `must not have more than ${searchCharactersMax} characters (including spaces) in the search list`,
          ),
        ]
      : []),
    ...searches.flatMap((search, index) => validateSearch(search, `${field}.searches[${index}]`)),
    ...options.flatMap(({ name }, index) =>
      name ? [] : [required(`${field}.options[${index}]`, "must not be empty")],
    ),
  ];
}

const underscored = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;

/** A search domain may be the root alone, end in a dot, and hold underscores (KEP-4427). */
function validateSearch(search: string, field: string): FieldError[] {
  const name = search.replace(/\.$/, "");
  const isGood = search === "." || (underscored.test(name) && name.length <= dnsSubdomainBytesMax);
  return isGood ? [] : invalidEach(field, search, dnsSubdomain(name));
}
