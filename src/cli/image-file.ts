import { readFile } from "node:fs/promises";
import { describeError } from "../lib/errors.ts";
import { parseImageFile } from "../node/images/image-file.ts";
import type { ImageTable } from "../node/images/image-table.ts";
import { SandboxError } from "../sandbox/sandbox-error.ts";

/** The table travels on a command line, where Linux gives one argument 128 KiB (execve(2)); the rest has room too. */
const TABLE_BYTES_MAX = 96 * 1024;

const remedy = "portolan help up   (it shows what such a file looks like)";

/** Reads the file of `--images`. Throws a SandboxError that names all its mistakes. */
export async function readImageFile(path: string): Promise<ImageTable> {
  const table = parse(await read(path), path);
  const bytes = Buffer.byteLength(JSON.stringify([...table]));
  if (bytes <= TABLE_BYTES_MAX) return table;
  const message = `Cannot use the image table "${path}": it has ${bytes} bytes, at most ${TABLE_BYTES_MAX} are possible`;
  throw new SandboxError("BAD_OPTION", message, { remedy: "Put long programs into files" });
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new SandboxError("BAD_OPTION", `Cannot read the image table "${path}"`, {
      remedy,
      cause,
    });
  }
}

function parse(text: string, path: string): ImageTable {
  try {
    return parseImageFile(text, path);
  } catch (error) {
    throw new SandboxError("BAD_OPTION", describeError(error), { remedy });
  }
}
