import type { ForwardingTable } from "./forwarding-table.ts";

/**
 * One way of making a node's kernel forward as the table says.
 *
 * A data plane is used by one loop, one call at a time. It keeps what it last applied, and disposing of
 * it leaves that in force: a proxy that restarts must not cut anybody off.
 */
export interface DataPlane extends AsyncDisposable {
  /** As in `--proxy-mode`. */
  readonly name: string;
  /**
   * Makes the kernel do what the table says. `services` are those that differ from the last call; absent, all is made
   * right, whatever was there before: connections and session affinity outlive that. Throws what went wrong; then
   * call it again without `services`.
   */
  apply(table: ForwardingTable, services?: ReadonlySet<string>): Promise<void>;
  /**
   * What in the kernel is not as it was applied, a sentence each; none if all is. Cheap enough for a slow timer.
   */
  findDrift(): Promise<readonly string[]>;
  /** Takes everything out of the kernel. */
  remove(): Promise<void>;
}
