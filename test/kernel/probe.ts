import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNetworkNamespace } from "../../src/kernel/namespaces.ts";
import { describeError } from "../../src/lib/errors.ts";

/** Why tests in network namespaces can not run here, or false if they can. Any kernel since 3.8 has them; it takes root. */
export async function namespacesMissing(): Promise<string | false> {
  const dir = mkdtempSync(join(tmpdir(), "portolan-probe-"));
  try {
    await createNetworkNamespace("probe", dir)[Symbol.asyncDispose]();
    return false;
  } catch (error) {
    if (process.getuid?.() === 0) throw error;
    return `needs root: ${describeError(error)}`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
