import { StatusError } from "../../api/status-error.ts";
import { anonymous, type Identity } from "../identity.ts";
import { forbidden, unauthorized } from "../refusals.ts";
import { type Access, type AccessFacts, isAllowed, refusalText } from "./access.ts";

/** Throws the 401 or 403 answer unless this one may do that. */
export function allow(identity: Identity, access: Access, facts: AccessFacts): void {
  if (isAllowed(identity, access, facts)) return;
  if (identity === anonymous) throw unauthorized();
  const reason = refusalText(identity, access);
  if (access.type === "path") {
    throw new StatusError(403, "Forbidden", `forbidden: ${reason}`, {});
  }
  throw forbidden(access, access.name, reason);
}
