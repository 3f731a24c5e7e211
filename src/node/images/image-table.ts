/** What an image stands for: as in a real image, `command` is its ENTRYPOINT and `args` its CMD. */
export interface ImageEntry {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Entries by image name: a full name (with or without tag), or a last path component for images of any registry. */
export type ImageTable = ReadonlyMap<string, ImageEntry>;

/** Where the built-in programs are inside containers. */
export const PROGRAMS_DIR = "/run/portolan/programs";
/** The Node that runs the built-in programs, inside containers. */
export const PROGRAM_NODE = "/run/portolan/node";

/**
 * A small heap, so that a busy program stays small. No other flags: those that change code generation throw away
 * Node's own code cache, which costs 30 ms a start and saves nothing (measured).
 */
const nodeFlags = ["--max-old-space-size=32"];

function builtIn(program: string): ImageEntry {
  return { command: [PROGRAM_NODE, ...nodeFlags, `${PROGRAMS_DIR}/${program}.mjs`], args: [] };
}

/** A shell does it in 1 MB. It ends at SIGTERM, as the real one does. */
const pause: ImageEntry = {
  command: ["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"],
  args: [],
};

/** Images that are nothing but the host's own programs: their pods say what to run. */
const hostPrograms: ImageEntry = { command: [], args: ["sh"] };

/** The images that are always there. */
export const builtInImages: ImageTable = new Map([
  ["serve_hostname", builtIn("serve-hostname")],
  ["serve-hostname", builtIn("serve-hostname")],
  ["nginx", builtIn("web")],
  ["echo", builtIn("echo")],
  ["echoserver", builtIn("echo")],
  ["pause", pause],
  ["busybox", hostPrograms],
]);

/** Finds what an image stands for: its full name wins, then the last path component with any tag or digest. */
export function findImage(image: string, tables: readonly ImageTable[]): ImageEntry | undefined {
  const names = [image, untagged(image), untagged(image.slice(image.lastIndexOf("/") + 1))];
  for (const name of names) {
    for (const table of tables) {
      const entry = table.get(name);
      if (entry !== undefined) return entry;
    }
  }
  return undefined;
}

/** `registry:5000/a/b:1@sha256:…` → `registry:5000/a/b`. */
function untagged(image: string): string {
  const name = image.split("@", 1)[0] ?? image;
  const colon = name.lastIndexOf(":");
  return colon > name.lastIndexOf("/") ? name.slice(0, colon) : name;
}

/** An image name as container engines write it out: with registry and tag. */
export function canonicalImage(image: string): string {
  const bare = untagged(image);
  const tagged = bare === image ? `${image}:latest` : image;
  const [first = "", ...rest] = bare.split("/");
  if (rest.length === 0) return `docker.io/library/${tagged}`;
  const isRegistry = first.includes(".") || first.includes(":") || first === "localhost";
  return isRegistry ? tagged : `docker.io/${tagged}`;
}

/** The command line of a container, by Kubernetes' table of ENTRYPOINT, CMD, command and args. */
export function commandLine(
  entry: ImageEntry,
  container: { readonly command?: readonly string[]; readonly args?: readonly string[] },
): readonly string[] {
  const { command = [], args = [] } = container;
  if (command.length > 0) return [...command, ...args];
  return [...entry.command, ...(args.length > 0 ? args : entry.args)];
}
