import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname, "..");

/** Which rooms a room may import, besides itself, Node and npm packages. The longest matching room wins. */
const rooms: Readonly<Record<string, readonly string[] | "everything">> = {
  "src/lib": [],
  "src/pki": ["src/lib"],
  "src/api": ["src/lib"],
  "src/storage": ["src/lib"],
  "src/kernel": ["src/lib"],
  "src/apiserver": ["src/lib", "src/pki", "src/api", "src/storage"],
  "src/client": ["src/lib", "src/api"],
  "src/controllers": ["src/lib", "src/api", "src/client"],
  "src/node": ["src/lib", "src/api", "src/client", "src/kernel"],
  "src/proxy": [
    "src/lib",
    "src/api",
    "src/client",
    "src/kernel",
    "src/proxy/table",
    "src/proxy/nftables",
  ],
  "src/proxy/table": ["src/lib", "src/api"],
  "src/proxy/nftables": ["src/lib", "src/proxy/table", "src/kernel"],
  "src/dns": ["src/lib", "src/api", "src/client"],
  "src/daemon": [
    "src/lib",
    "src/pki",
    "src/api",
    "src/storage",
    "src/kernel",
    "src/apiserver",
    "src/client",
    "src/controllers",
    "src/node",
    "src/proxy",
    "src/proxy/table",
    "src/proxy/nftables",
    "src/dns",
  ],
  "src/sandbox": [
    "src/lib",
    "src/pki",
    "src/api",
    "src/storage",
    "src/kernel",
    "src/apiserver",
    "src/client",
    "src/controllers",
    "src/node",
    "src/proxy",
    "src/proxy/table",
    "src/proxy/nftables",
    "src/dns",
    "src/daemon",
  ],
  "src/cli": "everything",
};

/** Node modules that do I/O; files of feature rooms that use one are edges. */
const ioModules =
  /^node:(fs|net|tls|http|http2|https|dgram|child_process|dns|worker_threads|cluster|sqlite)(\/|$)/;

/** Rooms whose I/O is confined to the edge files below. */
const pureRooms = ["src/api", "src/controllers", "src/proxy", "src/dns", "src/client"];

/** The edge files of those rooms. A new line here is a visible decision. */
const edges: ReadonlySet<string> = new Set<string>([
  "src/client/https-transport.ts",
  "src/client/load-kubeconfig.ts",
  "src/proxy/health-ports.ts",
]);

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isType: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const pattern =
    /(?:^|\n)\s*(import|export)\s+(type\s)?[^"';]*?from\s+"([^"]+)"|import\("([^"]+)"\)|(?:^|\n)import\s+"([^"]+)"/g;
  for (const match of text.matchAll(pattern)) {
    const specifier = match[3] ?? match[4] ?? match[5] ?? "";
    const target = specifier.startsWith(".")
      ? relative(root, resolve(root, dirname(file), specifier))
      : specifier;
    found.push({ file, target, isType: match[2] !== undefined });
  }
  return found;
}

function roomOf(file: string): string | undefined {
  return Object.keys(rooms)
    .filter((room) => file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/** What is wrong with these imports, a line each. Tests may import what they like from their own side. */
function violations(imports: readonly Import[]): string[] {
  return imports.flatMap(({ file, target, isType }) => {
    if (file.endsWith(".test.ts")) return [];
    const room = roomOf(file);
    if (room === undefined) return [`${file}: lies in no room`];
    if (ioModules.test(target)) {
      const isConfined = pureRooms.some((pure) => file.startsWith(`${pure}/`));
      return isConfined && !isType && !edges.has(file)
        ? [`${file}: imports ${target}, but is no edge file`]
        : [];
    }
    if (!target.startsWith("src/") && !target.startsWith("test/") && !target.startsWith("bench/"))
      return [];
    const allowed = rooms[room] ?? [];
    const targetRoom = roomOf(target);
    if (targetRoom === room || allowed === "everything") return [];
    return targetRoom !== undefined && allowed.includes(targetRoom)
      ? []
      : [`${file}: must not import ${target}`];
  });
}

test("every import follows the table of rooms", () => {
  const imports = sourceFiles("src").flatMap((file) =>
    importsOf(file, readFileSync(join(root, file), "utf8")),
  );
  assert.ok(imports.length > 0);
  assert.deepEqual(violations(imports), []);
});

test("siblings among controllers never import one another", () => {
  const wrong = sourceFiles("src")
    .filter((file) => file.startsWith("src/controllers/"))
    .flatMap((file) => importsOf(file, readFileSync(join(root, file), "utf8")))
    .filter(({ file, target }) => {
      const [, , own] = file.split("/");
      const [, room, other, rest] = target.split("/");
      return (
        room === "controllers" && rest !== undefined && file.split("/").length > 3 && other !== own
      );
    });
  assert.deepEqual(wrong, []);
});

test("a planted violation is found", () => {
  const planted = importsOf("src/lib/planted.ts", 'import { x } from "../api/resource.ts";\n');
  assert.deepEqual(violations(planted), [
    "src/lib/planted.ts: must not import src/api/resource.ts",
  ]);
  const edge = importsOf("src/dns/zone/planted.ts", 'import { createSocket } from "node:dgram";\n');
  assert.deepEqual(violations(edge), [
    "src/dns/zone/planted.ts: imports node:dgram, but is no edge file",
  ]);
  const type = importsOf("src/dns/zone/planted.ts", 'import type { Socket } from "node:dgram";\n');
  assert.deepEqual(violations(type), []);
});

test("every edge file exists", () => {
  const files = new Set(sourceFiles("src"));
  assert.deepEqual(
    [...edges].filter((edge) => !files.has(edge)),
    [],
  );
});
