import assert from "node:assert/strict";
import { test } from "node:test";
import {
  builtInImages,
  canonicalImage,
  commandLine,
  findImage,
  type ImageEntry,
} from "./image-table.ts";

const entry = (word: string): ImageEntry => ({ command: [word], args: ["default"] });
const own = new Map([
  ["example.org/team/web:2", entry("tagged")],
  ["example.org/team/web", entry("full")],
  ["web", entry("short")],
  ["nginx", entry("mine")],
]);

const lookups = [
  { name: "the full name with its tag wins", image: "example.org/team/web:2", want: "tagged" },
  { name: "the full name goes for all other tags", image: "example.org/team/web:3", want: "full" },
  {
    name: "the last path component goes for any registry",
    image: "other.example:5000/x/web@sha256:0",
    want: "short",
  },
  { name: "the user's table comes before the built-in one", image: "nginx:1.7.9", want: "mine" },
  { name: "an image in no table is none", image: "example.org/absent", want: undefined },
  { name: "no component but the last counts", image: "web/none", want: undefined },
];

for (const { name, image, want } of lookups) {
  test(`findImage: ${name}`, () => {
    assert.equal(findImage(image, [own, builtInImages])?.command[0], want);
  });
}

test("findImage: the images of the labs are built in", () => {
  for (const image of [
    "nginx",
    "mirrorgooglecontainers/serve_hostname",
    "registry.k8s.io/pause:3.9",
    "portolan/echo",
  ]) {
    assert.notEqual(findImage(image, [builtInImages]), undefined, image);
  }
});

const lines = [
  { name: "the image's own", container: {}, want: ["web", "default"] },
  { name: "args replace the image's args", container: { args: ["x"] }, want: ["web", "x"] },
  { name: "a command replaces both", container: { command: ["sh"] }, want: ["sh"] },
  {
    name: "command and args",
    container: { command: ["sh", "-c"], args: ["x"] },
    want: ["sh", "-c", "x"],
  },
];

for (const { name, container, want } of lines) {
  test(`commandLine: ${name}`, () => assert.deepEqual(commandLine(entry("web"), container), want));
}

test("canonicalImage: registry and tag are written out", () => {
  assert.deepEqual(["nginx", "a/b:1", "example.org/c", "localhost:5000/d"].map(canonicalImage), [
    "docker.io/library/nginx:latest",
    "docker.io/a/b:1",
    "example.org/c:latest",
    "localhost:5000/d:latest",
  ]);
});
