import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceAllocators } from "../../src/apiserver/allocators/service-allocators.ts";
import { ensureBaseNamespaces } from "../../src/apiserver/base-namespaces.ts";
import { ObjectStore } from "../../src/apiserver/store/object-store.ts";
import type { WriteContext } from "../../src/apiserver/write/write-context.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import type { Cidr } from "../../src/lib/ip.ts";
import { silentLogger as log } from "../../src/lib/log.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/sqlite-storage.ts";

/** What writes need, over a real disk, without a server around it; `cleanup` closes it. */
export async function openWriteContext(
  cleanup: AsyncDisposableStack,
  options: { readonly clock?: Clock; readonly serviceCidrs?: readonly Cidr[] } = {},
): Promise<WriteContext> {
  const { clock = systemClock, serviceCidrs = [] } = options;
  const directory = mkdtempSync(join(tmpdir(), "portolan-write-"));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));
  const storage = cleanup.use(await openSqliteStorage({ directory, log }));
  const store = await ObjectStore.open(storage, clock);
  cleanup.defer(() => store.close());
  const nodePorts = { from: 30000, to: 32767 };
  const random = Math.random;
  const allocators = new ServiceAllocators({ serviceCidrs, nodePorts, random });
  const context = { store, clock, random, uuid: randomUUID, allocators };
  await ensureBaseNamespaces(context);
  return context;
}
