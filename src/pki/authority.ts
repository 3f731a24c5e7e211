import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A certificate with its private key, both PEM. The key is a secret: never log it. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Who a serving certificate speaks for. */
export interface ServerIdentity {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** Whom a client certificate names: the user and its groups, as Kubernetes reads CN and O. */
export interface ClientIdentity {
  readonly user: string;
  readonly groups: readonly string[];
}

/** Signs the certificates of one cluster. */
export interface Authority {
  /** The authority's own certificate, PEM. */
  readonly cert: string;
  readonly keyPair: KeyPair;
  issueServer(identity: ServerIdentity): Promise<KeyPair>;
  issueClient(identity: ClientIdentity): Promise<KeyPair>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
const leafDays = 365;
/** Clocks differ; a certificate is valid a little before it was made. */
const leewayMs = 5 * 60 * 1000;

x509.cryptoProvider.set(webcrypto);

/** Makes a new authority: ECDSA P-256, ten years, a path of one. */
export async function createAuthority(commonName: string, nowMs: number): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: distinguishedName(commonName),
    notBefore: new Date(nowMs - leewayMs),
    notAfter: new Date(nowMs + authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign |
          x509.KeyUsageFlags.cRLSign |
          x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return authority(cert, keys.privateKey, await keyPem(keys.privateKey), nowMs);
}

/** An authority from what `createAuthority` made earlier; throws if the two do not parse. */
export async function loadAuthority(pair: KeyPair, nowMs: number): Promise<Authority> {
  const cert = new x509.X509Certificate(pair.cert);
  const der = x509.PemConverter.decodeFirst(pair.key);
  const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
  return authority(cert, key, pair.key, nowMs);
}

function authority(
  cert: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  signingKeyPem: string,
  nowMs: number,
): Authority {
  const issue = async (subject: x509.Name, extensions: x509.Extension[]): Promise<KeyPair> => {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: subject.toString(),
      issuer: cert.subject,
      notBefore: new Date(nowMs - leewayMs),
      notAfter: new Date(nowMs + leafDays * dayMs),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(cert.publicKey),
        ...extensions,
      ],
    });
    return { cert: pem(leaf), key: await keyPem(keys.privateKey) };
  };
  return {
    cert: pem(cert),
    keyPair: { cert: pem(cert), key: signingKeyPem },
    issueServer: ({ commonName, dnsNames, ipAddresses }) =>
      issue(new x509.Name([{ CN: [commonName] }]), [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          ...dnsNames.map((value) => ({ type: "dns" as const, value })),
          ...ipAddresses.map((value) => ({ type: "ip" as const, value })),
        ]),
      ]),
    issueClient: ({ user, groups }) =>
      issue(new x509.Name([...groups.map((group) => ({ O: [group] })), { CN: [user] }]), [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ]),
  };
}

function distinguishedName(commonName: string): string {
  return new x509.Name([{ CN: [commonName] }]).toString();
}

/** Sixteen random bytes; the first bit is clear, since DER integers have a sign (RFC 5280 4.1.2.2). */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

function pem(cert: x509.X509Certificate): string {
  return `${cert.toString("pem")}\n`;
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(der, "PRIVATE KEY")}\n`;
}
