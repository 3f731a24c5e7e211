import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { checkMachine } from "../../src/sandbox/preflight.ts";
import { ask, Lab, traces } from "./harness.ts";

const scratch = mkdtempSync(join(tmpdir(), "portolan-refusals-"));
after(() => rmSync(scratch, { recursive: true }));
const OTHER_KUBECONFIG = join(scratch, "config");

const refusals: readonly {
  readonly name: string;
  readonly options: object;
  readonly exitCode: number;
  readonly code: string;
  readonly message: RegExp;
  readonly remedy: RegExp;
  readonly prepare?: (lab: Lab) => void;
}[] = [
  {
    name: "a pod range without room for the nodes",
    options: { nodes: 3, podCidrs: ["10.244.0.0/23"] },
    exitCode: 2,
    code: "BAD_OPTION",
    message: /has room for 2 nodes/,
    remedy: /--pod-cidr/,
  },
  {
    name: "ranges that overlap",
    options: { podCidrs: ["10.96.0.0/16"] },
    exitCode: 2,
    code: "BAD_OPTION",
    message: /--pod-cidr 10\.96\.0\.0\/16 overlaps --service-cidr 10\.96\.0\.0\/12/,
    remedy: /--service-cidr/,
  },
  {
    name: "a failure inside, in its own words",
    options: { nodes: 1, clusterDomain: "fail.example.org" },
    exitCode: 1,
    code: "START_FAILED",
    message: /planted failure/,
    remedy: /^tail .*sandbox\.log$/,
  },
  {
    name: "a data directory of a newer version",
    options: {},
    prepare: (lab) => {
      mkdirSync(lab.dataDir);
      writeFileSync(join(lab.dataDir, "version"), "2\n");
    },
    exitCode: 1,
    code: "DATA_DIR_NEWER",
    message: /version "2"/,
    remedy: /Update Portolan/,
  },
  {
    name: "a data directory that is a file",
    options: {},
    prepare: (lab) => writeFileSync(lab.dataDir, ""),
    exitCode: 1,
    code: "DATA_DIR_UNUSABLE",
    message: /EEXIST|ENOTDIR/,
    remedy: /--data-dir DIR/,
  },
  {
    name: "a kubeconfig in a folder that is not there",
    options: { kubeconfig: "/proc/none/kubeconfig" },
    exitCode: 1,
    code: "KUBECONFIG_UNUSABLE",
    message: /Cannot write the kubeconfig "\/proc\/none\/kubeconfig": ENOENT/,
    remedy: /--kubeconfig FILE/,
  },
  {
    name: "a kubeconfig that knows other clusters",
    options: { kubeconfig: OTHER_KUBECONFIG },
    prepare: () =>
      writeFileSync(OTHER_KUBECONFIG, "clusters:\n- cluster:\n    server: https://192.0.2.1\n"),
    exitCode: 1,
    code: "KUBECONFIG_UNUSABLE",
    message: /something else in it/,
    remedy: /--kubeconfig FILE/,
  },
];

for (const { name, options, exitCode, code, message, remedy, prepare } of refusals) {
  test(`up refuses ${name}, and leaves nothing`, async () => {
    await using lab = new Lab();
    prepare?.(lab);
    const done = await lab.drive("up", JSON.stringify(options));
    assert.equal(done.answer.code, code, done.stderr);
    assert.equal(done.exitCode, exitCode);
    assert.match(done.answer.message, message);
    assert.match(done.answer.remedy, remedy);
    assert.deepEqual(traces(lab.dataDir), []);
  });
}

test("up says who has the API's port, and how to take another", async () => {
  await using one = new Lab();
  await using two = new Lab();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const taken = await one.drive("up", JSON.stringify({ apiPort: port }));
  assert.equal(taken.answer.code, "API_PORT_IN_USE");
  assert.equal(taken.exitCode, 1);
  assert.match(
    taken.answer.message,
    new RegExp(`127\\.0\\.0\\.1:${port}: process ${process.pid} `),
  );
  assert.match(taken.answer.remedy, /--api-port \d+/);
  server.close();

  const { apiPort } = await one.up({ nodes: 0 });
  const second = await two.drive("up", JSON.stringify({ apiPort }));
  assert.ok(
    second.answer.message.includes(`the sandbox in "${one.dataDir}"`),
    second.answer.message,
  );
  assert.ok(second.answer.remedy.includes(`portolan down --data-dir ${one.dataDir}`));
});

test("up refuses a data directory that is in use, and the one who uses it goes on", async () => {
  await using lab = new Lab();
  const { apiPort, gatePid } = await lab.up({ nodes: 0 });
  const again = await lab.drive("up");
  assert.equal(again.answer.code, "DATA_DIR_IN_USE");
  assert.equal(again.exitCode, 1);
  assert.match(again.answer.message, new RegExp(`process ${gatePid} `));
  assert.match(again.answer.remedy, /portolan down --data-dir/);
  assert.equal(await ask(apiPort, "hello"), ` ${lab.dataDir}`);
  assert.equal((await lab.drive("status")).answer.phase, "running");
});

test("a kernel that refuses namespaces is explained", async () => {
  await using lab = new Lab();
  // An unshare that does what the real one does on such a kernel.
  lab.programs = join(lab.dataDir, "bin");
  mkdirSync(lab.programs, { recursive: true });
  const script = "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2; exit 1\n";
  writeFileSync(join(lab.programs, "unshare"), script, { mode: 0o755 });
  const done = await lab.drive("up");
  assert.equal(done.answer.code, "NAMESPACES_REFUSED", done.stdout + lab.log());
  assert.equal(done.exitCode, 1);
  assert.match(done.answer.message, /Operation not permitted|kernel|AppArmor|machine/);
  assert.match(done.answer.remedy, /or run portolan as root$/);
  assert.deepEqual(traces(lab.dataDir), []);
});

test("a missing tool is named with the package that has it", async () => {
  await using lab = new Lab();
  mkdirSync(join(lab.dataDir, "bin"), { recursive: true });
  assert.throws(() => checkMachine(join(lab.dataDir, "bin")), {
    code: "TOOL_MISSING",
    message: /unshare, nsenter, setpriv, mount, nft, ip are missing/,
    remedy: "sudo apt-get install -y util-linux mount nftables iproute2",
  });
});
