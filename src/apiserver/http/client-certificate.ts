import type { TLSSocket } from "node:tls";
import { anonymous, authenticated, type Identity } from "../identity.ts";

const known = new WeakMap<TLSSocket, Identity | undefined>();

/** Who is at the other end of a connection; undefined for a certificate that our authority has not signed. */
export function identityOf(socket: TLSSocket): Identity | undefined {
  if (known.has(socket)) return known.get(socket);
  const identity = readIdentity(socket);
  known.set(socket, identity);
  return identity;
}

function readIdentity(socket: TLSSocket): Identity | undefined {
  const certificate = socket.getPeerCertificate();
  // Without a certificate Node gives an empty object.
  if (certificate === undefined || Object.keys(certificate).length === 0) return anonymous;
  if (!socket.authorized) return undefined;
  const { CN, O } = certificate.subject;
  const [user] = textsOf(CN);
  return user === undefined ? undefined : authenticated(user, textsOf(O));
}

/** An attribute that stands once is a text, one that stands several times a list. */
function textsOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}
