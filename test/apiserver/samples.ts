/** A ConfigMap as a request has it. */
export const map = (name: string, more: object = {}) => ({ metadata: { name, ...more } });

/** A pod as a request has it. */
export const pod = (name: string, more: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: "c", image: "pause" }], ...more },
});
