import assert from "node:assert/strict";
import { test } from "node:test";
import { requestUrl } from "./request-url.ts";

for (const { url, path } of [
  { url: "/exec/ns/pod/main?command=sh", path: "/exec/ns/pod/main" },
  { url: "//", path: "/" },
  { url: "http://[", path: "/" },
  { url: undefined, path: "/" },
]) {
  test(`requestUrl: ${url} is a request for ${path}`, () => {
    assert.equal(requestUrl(url === undefined ? {} : { url }).pathname, path);
  });
}
