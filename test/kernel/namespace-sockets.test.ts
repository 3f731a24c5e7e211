import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { createNetworkNamespace } from "../../src/kernel/namespaces.ts";
import { namespacesMissing } from "./probe.ts";
import { socketsConformance } from "./sockets-conformance.ts";

const dir = mkdtempSync(join(tmpdir(), "portolan-sockets-"));
after(() => rmSync(dir, { recursive: true, force: true }));

socketsConformance({
  name: "namespace sockets",
  skip: await namespacesMissing(),
  open: () => createNetworkNamespace("sockets", dir),
});
