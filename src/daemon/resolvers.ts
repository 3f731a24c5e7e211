import { readFileSync } from "node:fs";
import { parseIp } from "../lib/ip.ts";
import type { Endpoint } from "../lib/sockets.ts";

/** Name servers that resolv.conf may name (`MAXNS` of resolv.h). */
const serversMax = 3;

/** The name servers of a resolver file's text, in order. A server with a zone (`fe80::1%eth0`) is left out. */
export function parseNameServers(text: string): Endpoint[] {
  return text
    .split("\n")
    .flatMap((line) => {
      const host = /^\s*nameserver\s+(\S+)/.exec(line)?.[1];
      return host !== undefined && parseIp(host) !== undefined ? [{ host, port: 53 }] : [];
    })
    .slice(0, serversMax);
}

/** The name servers that this machine itself uses; none if it has no resolver file. */
export function hostNameServers(path = "/etc/resolv.conf"): Endpoint[] {
  try {
    return parseNameServers(readFileSync(path, "utf8"));
  } catch {
    return [];
  }
}
