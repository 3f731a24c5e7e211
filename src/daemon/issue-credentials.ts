import { createAuthority, loadAuthority } from "../pki/authority.ts";
import { type CredentialRequest, readPair, writePair } from "./credentials.ts";

// A program of its own, started by ensureCredentials: DIR REQUESTS(JSON).
const [dir = "", requestsJson = "[]"] = process.argv.slice(2);
const requests: readonly CredentialRequest[] = JSON.parse(requestsJson);
const nowMs = Date.now();

const kept = await readPair(dir, "ca");
const authority =
  kept === undefined ? await createAuthority("portolan", nowMs) : await loadAuthority(kept, nowMs);

await Promise.all(
  requests.map(async (request) => {
    const pair =
      "server" in request
        ? await authority.issueServer(request.server)
        : await authority.issueClient(request.client);
    await writePair(dir, request.file, pair);
  }),
);
// Last, so that a crash before leaves no authority and all is made again.
if (kept === undefined) await writePair(dir, "ca", authority.keyPair);
