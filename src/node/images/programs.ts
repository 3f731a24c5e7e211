import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, extname, join } from "node:path";
import process from "node:process";
import type { ContainerMount } from "../runtime/runtime.ts";
import { PROGRAM_NODE, PROGRAMS_DIR } from "./image-table.ts";

/** The files beside this one that run inside pods. */
const programs = ["echo", "serve-hostname", "web"];

/**
 * What shows the built-in programs, and Node, inside a container. The first call writes the programs to `dir` as plain
 * JavaScript: stripping types in each pod would take it 40 ms and 10 MB. Not done before a container needs it, because
 * Node's stripper is a WebAssembly module of 16 MB that an idle node shall not load.
 */
export function lazyPrograms(dir: string): () => readonly ContainerMount[] {
  let mounts: readonly ContainerMount[] | undefined;
  return () => {
    mounts ??= installPrograms(dir);
    return mounts;
  };
}

function installPrograms(dir: string): readonly ContainerMount[] {
  mkdirSync(dir, { recursive: true });
  for (const file of readdirSync(import.meta.dirname)) {
    const name = basename(file, extname(file));
    if (!programs.includes(name)) continue;
    const source = readFileSync(join(import.meta.dirname, file), "utf8");
    const script = extname(file) === ".ts" ? stripTypeScriptTypes(source) : source;
    writeFileSync(join(dir, `${name}.mjs`), script);
  }
  return [
    { source: dir, target: PROGRAMS_DIR, isReadOnly: true },
    { source: process.execPath, target: PROGRAM_NODE, isReadOnly: true },
  ];
}
