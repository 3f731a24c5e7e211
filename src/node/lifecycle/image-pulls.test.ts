import assert from "node:assert/strict";
import { test } from "node:test";
import { ImagePulls } from "./image-pulls.ts";

test("ImagePulls: an error, then a back-off that grows, told once each", () => {
  const pulls = new ImagePulls();
  const at = (nowMs: number) => pulls.fail({ container: "a", image: "none", nowMs });
  const steps = [0, 500, 1_000, 5_000, 10_000, 11_000, 30_000].map((nowMs) => {
    const { waiting, notes } = at(nowMs);
    return `${waiting.reason} ${notes.length}`;
  });
  assert.deepEqual(steps, [
    "ErrImagePull 3",
    "ErrImagePull 0",
    "ImagePullBackOff 2",
    "ImagePullBackOff 0",
    "ErrImagePull 3",
    "ImagePullBackOff 2",
    "ErrImagePull 3",
  ]);
});

test("ImagePulls: once it was there, the pauses begin anew", () => {
  const pulls = new ImagePulls();
  pulls.fail({ container: "a", image: "none", nowMs: 0 });
  pulls.succeed("a");
  assert.equal(
    pulls.fail({ container: "a", image: "none", nowMs: 1 }).waiting.reason,
    "ErrImagePull",
  );
});
