/** Longest label and longest name, in bytes on the wire (RFC 1035 section 2.3.4). */
export const LABEL_BYTES_MAX = 63;
export const NAME_BYTES_MAX = 255;

/**
 * A name as a map key: its wire form (labels with lengths), lower-cased, one character per byte. Unlike dotted
 * text it keeps `web\.shop` and `web.shop` apart. A relative key is the same without the final zero byte.
 */
export type NameKey = string;

/** Reads a dotted name with `\.` and `\DDD` escapes into wire form; the case is kept. Undefined if it is none. */
export function parseName(text: string): Uint8Array | undefined {
  if (text === ".") return Uint8Array.of(0);
  const bytes: number[] = [];
  let label: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2e) {
      if (!appendLabel(bytes, label)) return undefined;
      label = [];
    } else if (code === 0x5c) {
      const decimal = /^\d{3}/.exec(text.slice(at + 1))?.[0];
      const value = decimal === undefined ? text.charCodeAt(at + 1) : Number(decimal);
      if (!(value <= 255)) return undefined;
      label.push(value);
      at += decimal === undefined ? 1 : 3;
    } else {
      if (code > 127) return undefined;
      label.push(code);
    }
  }
  if (label.length > 0 && !appendLabel(bytes, label)) return undefined;
  bytes.push(0);
  return bytes.length === 1 || bytes.length > NAME_BYTES_MAX ? undefined : Uint8Array.from(bytes);
}

function appendLabel(bytes: number[], label: readonly number[]): boolean {
  if (label.length === 0 || label.length > LABEL_BYTES_MAX) return false;
  bytes.push(label.length, ...label);
  return true;
}

/** The dotted text of a name in wire form, with a final dot; other than letters, digits and `-_*` escaped. */
export function formatName(wire: Uint8Array): string {
  if (wire[0] === 0) return ".";
  let text = "";
  for (let at = 0; wire[at] !== 0 && at < wire.length; at += (wire[at] ?? 0) + 1) {
    for (const byte of wire.subarray(at + 1, at + 1 + (wire[at] ?? 0))) text += escapeByte(byte);
    text += ".";
  }
  return text;
}

function escapeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  if (/[0-9A-Za-z\-_*/+]/.test(char)) return char;
  return byte > 32 && byte < 127 ? `\\${char}` : `\\${String(byte).padStart(3, "0")}`;
}

/** The key of a name in wire form. */
export function nameKey(wire: Uint8Array): NameKey {
  // Length bytes are below 64 and so never look like capital letters.
  let key = "";
  for (const byte of wire) key += String.fromCharCode(lowerCase(byte));
  return key;
}

/** The relative key of one label; the label must be ASCII and at most 63 characters. */
export function labelKey(label: string): NameKey {
  return String.fromCharCode(label.length) + label.toLowerCase();
}

/** The relative key of several labels, left to right. */
export function relativeKey(...labels: readonly string[]): NameKey {
  return labels.map(labelKey).join("");
}

/** The wire form of a key (in lower case). */
export function wireOfKey(key: NameKey): Uint8Array {
  return Buffer.from(key, "latin1");
}

/** Whether `name` is `zone` or below it, at a label's border. */
export function isWithin(name: NameKey, zone: NameKey): boolean {
  if (!name.endsWith(zone)) return false;
  for (let at = 0; at < name.length; at += name.charCodeAt(at) + 1) {
    if (name.length - at === zone.length) return true;
  }
  return false;
}

/** Where each label of a key starts; the root's zero byte is none. */
export function labelStarts(key: NameKey): number[] {
  const starts: number[] = [];
  for (let at = 0; at < key.length; ) {
    const length = key.charCodeAt(at);
    if (length === 0) break;
    starts.push(at);
    at += length + 1;
  }
  return starts;
}

/** ASCII capitals become small letters; every other byte stays (RFC 4343). */
export function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}
