/**
 * A patch that can't be carried out. `malformed`: no patch at all, whatever the object is (400);
 * `inapplicable`: it doesn't fit this object (422); `tooLarge`: it asks for too much (413).
 */
export class PatchFault extends Error {
  readonly problem: "malformed" | "inapplicable" | "tooLarge";

  constructor(problem: PatchFault["problem"], message: string) {
    super(message);
    this.problem = problem;
  }
}
