import { parse } from "yaml";
import { describeError, PortolanError } from "../../lib/errors.ts";
import type { ImageEntry, ImageTable } from "./image-table.ts";

const keys = ["command", "args", "environment"];

/**
 * Reads a user's image table (YAML or JSON). Throws an error that names all mistakes, each with its path.
 *
 * ```yaml
 * images:
 *   example.org/team/api:      # a full name, or a last path component for any registry and tag
 *     command: [python3, /opt/api/main.py]
 *     args: [--port=8080]      # what a pod's `args` replace
 *     environment: { MODE: demo }
 * ```
 */
export function parseImageFile(text: string, name: string): ImageTable {
  const mistakes: string[] = [];
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    mistakes.push(describeError(error));
  }
  const images = isObject(content) && isObject(content["images"]) ? content["images"] : undefined;
  if (mistakes.length === 0 && images === undefined) {
    mistakes.push("images: is missing, a map of image names is needed");
  }
  const table = new Map(
    Object.entries(images ?? {}).map(([image, value]) => [
      image,
      entryOf(value, `images["${image}"]`, mistakes),
    ]),
  );
  if (mistakes.length === 0) return table;
  throw new PortolanError(
    "BAD_IMAGE_FILE",
    `Cannot read the image table "${name}": ${mistakes.join("; ")}`,
  );
}

function entryOf(value: unknown, path: string, mistakes: string[]): ImageEntry {
  if (!isObject(value)) {
    mistakes.push(`${path}: is no map, command and args are needed`);
    return { command: [], args: [] };
  }
  for (const key of Object.keys(value)) {
    if (!keys.includes(key))
      mistakes.push(`${path}.${key}: is unknown, there are ${keys.join(", ")}`);
  }
  const command = textsOf(value["command"], `${path}.command`, mistakes);
  const args = textsOf(value["args"], `${path}.args`, mistakes);
  if (command.length === 0 && args.length === 0) mistakes.push(`${path}.command: is missing`);
  const environment = variablesOf(value["environment"], `${path}.environment`, mistakes);
  return { command, args, environment };
}

function textsOf(value: unknown, path: string, mistakes: string[]): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) {
    const texts = value.filter((each) => typeof each === "string");
    if (texts.length === value.length) return texts;
  }
  mistakes.push(`${path}: is no list of texts`);
  return [];
}

function variablesOf(value: unknown, path: string, mistakes: string[]): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    mistakes.push(`${path}: is no map of texts`);
    return {};
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => {
      if (typeof text !== "string") mistakes.push(`${path}.${name}: is no text`);
      return [name, String(text)];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
