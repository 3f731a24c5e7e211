import { Buffer } from "node:buffer";

/** Longest DNS label (RFC 1123), and so longest namespace, Service and port name. */
const dnsLabelBytesMax = 63;
/** Longest DNS name, and so longest name of most objects. */
export const dnsSubdomainBytesMax = 253;
/** Longest label value, and longest part of a label key after its prefix. */
const labelPartBytesMax = 63;

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const label1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualifiedPart = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValue = `(${qualifiedPart})?`;

const whole = (pattern: string) => new RegExp(`^${pattern}$`);
const labelPattern = whole(label);
const subdomainPattern = whole(subdomain);
const label1035Pattern = whole(label1035);
const qualifiedPartPattern = whole(qualifiedPart);
const labelValuePattern = whole(labelValue);

/** A rule about one text: what is wrong with it, in Kubernetes' words; empty if nothing is. */
export type TextRule = (text: string) => string[];

/** The length of a text as Go counts it. */
export const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Kubernetes counts bytes and calls them characters. */
const tooLongMessage = (bytesMax: number): string => `must be no more than ${bytesMax} characters`;

function patternMessage(message: string, pattern: string, examples: readonly string[]): string {
  const list = examples.map((example) => `'${example}', `).join(" or ");
  return `${message} (${list === "" ? "" : `e.g. ${list}`}regex used for validation is '${pattern}')`;
}

/** The label of RFC 1123: most names that become a part of a domain name. */
export function dnsLabel(text: string): string[] {
  return [
    ...(bytesOf(text) > dnsLabelBytesMax ? [tooLongMessage(dnsLabelBytesMax)] : []),
    ...(labelPattern.test(text)
      ? []
      : [
          patternMessage(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            label,
            ["my-name", "123-abc"],
          ),
        ]),
  ];
}

/** Labels of RFC 1123 joined by dots: names of most objects. */
export function dnsSubdomain(text: string): string[] {
  return [
    ...(bytesOf(text) > dnsSubdomainBytesMax ? [tooLongMessage(dnsSubdomainBytesMax)] : []),
    ...(subdomainPattern.test(text)
      ? []
      : [
          patternMessage(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            subdomain,
            ["example.com"],
          ),
        ]),
  ];
}

/** What can stand in a URL's path as one part of it: the least that any name must be. */
export function pathSegment(text: string): string[] {
  if (text === "." || text === "..") return [`may not be '${text}'`];
  return ["/", "%"]
    .filter((character) => text.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** The label of RFC 1035, which begins with a letter: Service names. */
export function dns1035Label(text: string): string[] {
  return [
    ...(bytesOf(text) > dnsLabelBytesMax ? [tooLongMessage(dnsLabelBytesMax)] : []),
    ...(label1035Pattern.test(text)
      ? []
      : [
          patternMessage(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
            label1035,
            ["my-name", "abc-123"],
          ),
        ]),
  ];
}

/** `[prefix/]name`: label and annotation keys, finalizers, application protocols. */
export function qualifiedName(text: string): string[] {
  const parts = text.split("/");
  const name = parts.at(-1) ?? "";
  const message =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const examples = ["MyName", "my.name", "123-abc"];
  if (parts.length > 2) {
    return [
      `a qualified name ${patternMessage(message, qualifiedPart, examples)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const messages: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? "";
    if (prefix === "") messages.push("prefix part must be non-empty");
    else messages.push(...dnsSubdomain(prefix).map((problem) => `prefix part ${problem}`));
  }
  if (name === "") messages.push("name part must be non-empty");
  else if (bytesOf(name) > labelPartBytesMax) {
    messages.push(`name part ${tooLongMessage(labelPartBytesMax)}`);
  }
  if (!qualifiedPartPattern.test(name)) {
    messages.push(`name part ${patternMessage(message, qualifiedPart, examples)}`);
  }
  return messages;
}

/** The value of a label; it may be empty. */
export function labelValueRule(text: string): string[] {
  return [
    ...(bytesOf(text) > labelPartBytesMax ? [tooLongMessage(labelPartBytesMax)] : []),
    ...(labelValuePattern.test(text)
      ? []
      : [
          patternMessage(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            labelValue,
            ["MyValue", "my_value", "12345"],
          ),
        ]),
  ];
}

/** Longest name of a container port, which RFC 6335 calls a service name. */
const portNameBytesMax = 15;

/** The name of a container port, or a reference to one. */
export function portName(text: string): string[] {
  const messages: string[] = [];
  if (bytesOf(text) > portNameBytesMax) messages.push(tooLongMessage(portNameBytesMax));
  if (!/^[-a-z0-9]+$/.test(text)) {
    messages.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(text)) messages.push("must contain at least one letter (a-z)");
  if (text.includes("--")) messages.push("must not contain consecutive hyphens");
  if (text.startsWith("-") || text.endsWith("-")) {
    messages.push("must not begin or end with a hyphen");
  }
  return messages;
}

/** The largest value of Go's int32, which bounds times in seconds and ids of users. */
export const int32Max = 2 ** 31 - 1;

/** A whole number from `min` to `max`. */
export function inRange(value: number, min: number, max: number): string[] {
  return Number.isInteger(value) && value >= min && value <= max
    ? []
    : [`must be between ${min} and ${max}, inclusive`];
}

/** A port that a program can listen on. */
export const portNumber = (value: number): string[] => inRange(value, 1, 65535);

/** What Kubernetes says of a number below zero. */
export const notNegative = "must be greater than or equal to 0";
/** What Kubernetes says of a number that is not above zero. */
export const positive = "must be greater than zero";
/** What Kubernetes says of a field that an update would change. */
export const immutable = "field is immutable";

const configKeyPattern = /^[-._a-zA-Z0-9]+$/;

/** A key of a ConfigMap or Secret: it may become a file name. */
export function configKey(text: string): string[] {
  const messages: string[] = [];
  if (bytesOf(text) > dnsSubdomainBytesMax) messages.push(tooLongMessage(dnsSubdomainBytesMax));
  if (!configKeyPattern.test(text)) {
    messages.push(
      patternMessage(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        "[-._a-zA-Z0-9]+",
        ["key.name", "KEY_NAME", "key-name"],
      ),
    );
  }
  if (text === ".") messages.push("must not be '.'");
  if (text === "..") messages.push("must not be '..'");
  else if (text.startsWith("..")) messages.push("must not start with '..'");
  return messages;
}

/** The name of an environment variable: any printable ASCII but `=`, as from Kubernetes 1.32. */
export function environmentName(text: string): string[] {
  if (text === "") return ["environment variable name must not be empty"];
  return /^[ -<>-~]+$/.test(text)
    ? []
    : [
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
      ];
}
