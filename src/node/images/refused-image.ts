import type { Container } from "../pod-types.ts";

/** An image that is not even looked for anywhere else: what to say of its container. */
export interface RefusedImage {
  /** The reason of the event that says it. */
  readonly event: "InspectFailed" | "ErrImageNeverPull";
  readonly waiting: {
    readonly reason: "InvalidImageName" | "ErrImageNeverPull";
    readonly message: string;
  };
}

// The grammar of image names: https://pkg.go.dev/github.com/distribution/reference
const part = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const host = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?";
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const reference = new RegExp(
  `^(?:${host}/)?${part}(?:/${part})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@${digest})?$`,
);

/** Why the image of a container, which this node does not have, is not to be had at all; undefined if it could be. */
export function refusedImage({ image = "", imagePullPolicy }: Container): RefusedImage | undefined {
  if (!reference.test(image)) {
    const why = `couldn't parse image name "${image}": invalid reference format`;
    const message = `Failed to apply default image tag "${image}": ${why}`;
    return { event: "InspectFailed", waiting: { reason: "InvalidImageName", message } };
  }
  if (imagePullPolicy !== "Never") return undefined;
  const message = `Container image "${image}" is not present with pull policy of Never`;
  return { event: "ErrImageNeverPull", waiting: { reason: "ErrImageNeverPull", message } };
}
