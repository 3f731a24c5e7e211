import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

// Each in a process of its own, which must come to its end by itself.

const lab = JSON.stringify(join(import.meta.dirname, "lab.ts"));
const client = JSON.stringify(join(import.meta.dirname, "http-client.ts"));

const cases = [
  {
    name: "a server that was closed under a watch",
    script: `
      const lab = await startLab();
      const http = httpClient(lab);
      await http.watch("/api/v1/pods?watch=1");
      await lab[Symbol.asyncDispose]();
      http[Symbol.dispose]();
      console.log("closed");
    `,
    want: "closed",
  },
  {
    name: "a server that could not be opened",
    script: `
      await startLab({ serviceCidrs: [] }).catch(({ message }) => console.log(message));
    `,
    want: "serviceCidrs has at least one range",
  },
];

for (const { name, script, want } of cases) {
  test(`${name} leaves nothing that keeps its process`, async () => {
    const imports = `import { startLab } from ${lab}; import { httpClient } from ${client};`;
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e"];
    // Whoever is killed after the timeout has not ended by itself: that is an error of execFile.
    const { stdout } = await promisify(execFile)(process.execPath, [...args, imports + script], {
      timeout: 120_000,
    });
    assert.equal(stdout.trim(), want);
  });
}
