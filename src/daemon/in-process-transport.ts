import { authenticated } from "../apiserver/identity.ts";
import type { ApiServer } from "../apiserver/server.ts";
import type { Transport } from "../client/transport.ts";

/** Who a part of Portolan is when it calls the API server in its own process. */
export interface PartIdentity {
  readonly user: string;
  readonly groups: readonly string[];
}

/**
 * Calls into an API server of the same process: no TLS and no copy, but the same authorization, admission and limits as
 * over HTTPS.
 */
export function inProcessTransport(server: ApiServer, part: PartIdentity): Transport {
  const identity = authenticated(part.user, part.groups);
  return {
    request: (request, signal) => server.handle(request, identity, signal),
    [Symbol.asyncDispose]: async () => {},
  };
}
