import assert from "node:assert/strict";
import { test } from "node:test";
import { refusedImage } from "./refused-image.ts";

const digest = `sha256:${"0a".repeat(32)}`;

const images = {
  "": false,
  nginx: true,
  "nginx:1.27-alpine": true,
  "library/nginx": true,
  "registry.example.org:5000/a/b__c/d-e.f:v1": true,
  "localhost/x": true,
  "[2001:db8::1]:5000/x": true,
  [`x@${digest}`]: true,
  [`example.org/x:1@${digest}`]: true,
  Nginx: false,
  "example.org/Nginx": false,
  "a:b:c": false,
  "a//b": false,
  "-a": false,
  "a b": false,
  "a:": false,
  "x@sha256:12": false,
};

for (const [image, isName] of Object.entries(images)) {
  test(`refusedImage: "${image}" ${isName ? "is a name" : "is none"}`, () => {
    const found = refusedImage({ name: "main", image });
    assert.equal(found?.waiting.reason, isName ? undefined : "InvalidImageName");
  });
}

test("refusedImage: what must not be pulled is refused", () => {
  assert.deepEqual(refusedImage({ name: "main", image: "x", imagePullPolicy: "Never" }), {
    event: "ErrImageNeverPull",
    waiting: {
      reason: "ErrImageNeverPull",
      message: 'Container image "x" is not present with pull policy of Never',
    },
  });
});
