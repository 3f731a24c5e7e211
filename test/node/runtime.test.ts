import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import koffi from "koffi";
import { openLinks } from "../../src/kernel/links.ts";
import { createNetworkNamespace } from "../../src/kernel/namespaces.ts";
import type { NetworkNamespace } from "../../src/kernel/network-namespace.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { parseCidr } from "../../src/lib/ip.ts";
import { PROGRAM_NODE } from "../../src/node/images/image-table.ts";
import { ContainerLog, readLogFiles } from "../../src/node/runtime/container-log.ts";
import { openProcessRuntime } from "../../src/node/runtime/process-runtime.ts";
import type {
  ContainerOptions,
  PodOptions,
  RunningContainer,
  RunningPod,
  Runtime,
} from "../../src/node/runtime/runtime.ts";
import { namespacesMissing } from "../kernel/probe.ts";

// The runtime without the agent: real namespaces, real processes.

const skip = await namespacesMissing();

const dir = mkdtempSync(join(tmpdir(), "portolan-runtime-"));
const secret = join(dir, "secret");
let node: NetworkNamespace;
let runtime: Runtime;

before(() => {
  if (skip !== false) return;
  mkdirSync(secret);
  writeFileSync(join(secret, "key"), "private");
  node = createNetworkNamespace("node", join(dir, "nodes"));
  using links = openLinks(node);
  links.addBridge({ name: "fabric" });
  links.addAddress("fabric", "192.168.0.1/24");
  links.addAddress("fabric", "2001:db8::1/64");
  links.setUp("fabric");
  runtime = openProcessRuntime({
    node,
    nodeIps: ["192.168.0.1"],
    podCidrs: [parseCidr("10.0.1.0/24")!, parseCidr("fd00:1::/64")!],
    dir: join(dir, "runtime"),
    hiddenPaths: ["/usr/share/doc"],
    clock: systemClock,
  });
});

after(async () => {
  if (skip !== false) return;
  await runtime[Symbol.asyncDispose]();
  await node[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

function podOptions(options: Partial<PodOptions>): PodOptions {
  const uid = randomUUID();
  const base = { uid, dir: join(dir, "pods", uid), hostname: "pod-a" };
  return { ...base, isHostNetwork: false, wantedIps: [], ...options };
}

function openPod(hostname = "pod-a"): Promise<RunningPod> {
  return runtime.openPod(podOptions({ hostname }));
}

function start(pod: RunningPod, options: Partial<ContainerOptions>): RunningContainer {
  const id = randomUUID();
  return pod.start({
    name: "main",
    id,
    command: ["true"],
    environment: new Map(),
    mounts: [],
    hasStdin: false,
    hasTty: false,
    log: new ContainerLog(join(dir, `${id}.log`), Date.now),
    ...options,
  });
}

/** Runs a script as a container of a pod of its own. */
async function runScript(
  script: string,
  options: Partial<ContainerOptions> = {},
): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }> {
  await using pod = await openPod();
  const path = join(dir, `${randomUUID()}.log`);
  const log = new ContainerLog(path, Date.now);
  const container = start(pod, { command: ["sh", "-c", script], log, ...options });
  const { exitCode } = await container.exited;
  const lines = readLogFiles(path)
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(" ").slice(3).join(" "));
  return { exitCode, lines };
}

const scripts: readonly {
  readonly name: string;
  readonly script: string;
  readonly options?: Partial<ContainerOptions>;
  readonly want: readonly string[] | RegExp;
  readonly exitCode?: number;
}[] = [
  { name: "has the pod's host name", script: "hostname", want: ["pod-a"] },
  {
    name: "is process 1 of its own processes",
    script: "echo $$; ls -d /proc/[0-9]* | wc -l",
    want: /^1\n[23]$/,
  },
  {
    name: "has only the variables it was given",
    script: "env | grep -v -e ^PWD -e ^_= -e ^SHLVL | sort",
    options: {
      environment: new Map([
        ["A", "b c"],
        ["PATH", "/usr/bin:/bin"],
      ]),
    },
    want: ["A=b c", "PATH=/usr/bin:/bin"],
  },
  {
    name: "may have a variable that looks like an option",
    script: "",
    options: { command: ["env"], environment: new Map([["-u", "x"]]) },
    want: ["-u=x"],
  },
  { name: "hands its exit status on", script: "exit 7", want: [], exitCode: 7 },
  {
    name: "tells how its own children ended",
    script: "sleep 60 & kill -9 $!; wait $! 2>/dev/null",
    want: [],
    exitCode: 137,
  },
  {
    name: "may write to its working folder",
    script: "pwd; echo a > x && cat x",
    want: ["/run/work", "a"],
  },
  {
    name: "may write to /tmp, /run and /dev/shm",
    script: "for d in /tmp /run /dev/shm; do echo $d > $d/x && cat $d/x; done",
    want: ["/tmp", "/run", "/dev/shm"],
  },
  {
    name: "sees the host's files but can not change them",
    script:
      "test -x /usr/bin/env && ! touch /usr/bin/x /etc/x /x 2>/dev/null && ! rm -f /etc/passwd 2>/dev/null && echo safe",
    want: ["safe"],
  },
  {
    name: "can not mount, load or change the kernel",
    script:
      "! mount -t tmpfs x /mnt 2>/dev/null && ! mount -o remount,rw / 2>/dev/null && ! mknod /tmp/d b 8 0 2>/dev/null && ! hostname x 2>/dev/null && ! sh -c 'echo 1 > /proc/sys/kernel/panic' 2>/dev/null && ! sh -c 'echo 0 > /proc/sys/net/ipv4/ip_forward' 2>/dev/null && echo safe",
    want: ["safe"],
  },
  {
    name: "has no devices but the harmless ones",
    script: "ls /dev | tr '\\n' ' '; head -c 3 /dev/zero | wc -c",
    want: ["fd full null ptmx pts random shm stderr stdin stdout tty urandom zero 3"],
  },
  {
    name: "can not see what is hidden",
    script: "ls /usr/share/doc | wc -l",
    want: ["0"],
  },
  {
    name: "may open its output again",
    script: "echo again > /dev/stdout; echo problem > /dev/stderr",
    want: /again/,
  },
  {
    name: "has a network of its own, with loopback",
    script: "ip -o -4 addr show | awk '{print $2, $4}'",
    want: /^lo 127.0.0.1\/8\neth0 10\.0\.1\.\d+\/32$/,
  },
  {
    name: "may bind low ports",
    script: 'python3 -c \'import socket; s=socket.socket(); s.bind(("", 80)); print("bound")\'',
    want: ["bound"],
  },
  {
    name: "has few capabilities and can not gain any",
    script: "grep -e CapBnd -e CapEff -e NoNewPrivs /proc/self/status | tr '\\t\\n' '  '",
    want: ["CapEff: 00000000000025fb CapBnd: 00000000000025fb NoNewPrivs: 1 "],
  },
  {
    name: "gets its mount points where the host has none",
    script:
      "cat /etc/config/key /data/here/key /usr/share/none/html/key; test -e /etc/passwd && ls -d /usr/share/zoneinfo",
    options: {
      mounts: ["/etc/config", "/data/here", "/usr/share/none/html"].map((target) => ({
        target,
        source: secret,
        isReadOnly: true,
      })),
    },
    want: ["privateprivateprivate/usr/share/zoneinfo"],
  },
  {
    name: "can not write to a read-only mount",
    script: "touch /data/x 2>/dev/null || echo no",
    options: { mounts: [{ target: "/data", source: secret, isReadOnly: true }] },
    want: ["no"],
  },
  {
    name: "has a file mounted over another",
    script: "cat /etc/hosts",
    options: { mounts: [{ target: "/etc/hosts", source: join(secret, "key"), isReadOnly: true }] },
    want: ["private"],
  },
];

for (const { name, script, options = {}, want, exitCode = 0 } of scripts) {
  test(`A container ${name}`, { skip }, async () => {
    const result = await runScript(script, options);
    if (want instanceof RegExp) assert.match(result.lines.join("\n"), want);
    else assert.deepEqual(result.lines, want);
    assert.equal(result.exitCode, exitCode);
  });
}

test("A program that is not there is refused in runc's words", { skip }, async () => {
  await using pod = await openPod();
  assert.throws(() => start(pod, { command: ["no-such-program"] }), {
    code: "START_FAILED",
    message: 'exec: "no-such-program": executable file not found in $PATH',
  });
});

test("Nothing can be mounted over the programs that set containers up", { skip }, async () => {
  await using pod = await openPod();
  for (const target of ["/", "/usr", "/usr/bin", "/bin", "/lib", "/proc", "/dev", "/etc"]) {
    assert.throws(() => start(pod, { mounts: [{ target, isReadOnly: false }] }), {
      code: "CREATE_FAILED",
    });
  }
});

test("Nothing survives a container, however deep it hid", { skip }, async () => {
  await using pod = await openPod();
  const beat = join(dir, "beat");
  mkdirSync(beat);
  const container = start(pod, {
    command: ["sh", "-c", "setsid sh -c 'while sleep 0.05; do date +%N > /beat/x; done' & wait"],
    mounts: [{ target: "/beat", source: beat, isReadOnly: false }],
  });
  while (!existsSync(join(beat, "x"))) await systemClock.sleep(20);
  container.signal("SIGKILL");
  await container.exited;
  const last = readFileSync(join(beat, "x"), "utf8");
  await systemClock.sleep(150);
  assert.equal(readFileSync(join(beat, "x"), "utf8"), last);
});

test("Exec runs beside process 1, with the container's variables, and hands its exit status on", {
  skip,
}, async () => {
  await using pod = await openPod();
  const container = start(pod, { command: ["sleep", "60"], environment: new Map([["A", "1"]]) });
  const run = container.exec({
    command: ["sh", "-c", "read x; echo $x $A $(hostname); echo bad >&2; exit 3"],
    hasStdin: true,
    hasTty: false,
  });
  run.stdin?.end("typed\n");
  const [stdout, stderr, exit] = await Promise.all([
    text(run.stdout),
    text(run.stderr!),
    run.exited,
  ]);
  assert.equal(stdout, "typed 1 pod-a\n");
  assert.equal(stderr, "bad\n");
  assert.deepEqual(exit, { exitCode: 3 });
});

test("Exec adds no variable of its own, and says which program is missing", { skip }, async () => {
  await using pod = await openPod();
  const container = start(pod, { command: ["sleep", "60"], environment: new Map([["A", "1"]]) });
  const outcome = async (...command: string[]) => {
    const run = container.exec({ command, hasStdin: false, hasTty: false });
    const [out, err, { exitCode }] = await Promise.all([
      text(run.stdout),
      text(run.stderr!),
      run.exited,
    ]);
    return { out, err, exitCode };
  };
  const { out } = await outcome("env");
  assert.match(out, /^A=1$/m);
  assert.doesNotMatch(out, /OLDPWD/);
  const missing = await outcome("no-such-program");
  assert.equal(missing.exitCode, 127);
  assert.match(missing.err, /^exec: .*no-such-program: not found/);
});

test("No file of the agent gets into a container", { skip }, async () => {
  const open: number = koffi.load(null).func("int dup(int fd)")(2); // Unlike Node's own not closed on exec.
  await using pod = await openPod();
  // A program that is being loaded has its libraries open.
  const container = start(pod, { command: ["sh", "-c", "touch /tmp/loaded; sleep 60; true"] });
  const loaded = "until [ -e /tmp/loaded ]; do sleep 0.01; done";
  // Without a pipeline, whose ends the shell itself would have open for a moment.
  const list = `${loaded}; for pid in 1 $$; do ls /proc/$pid/fd; done`;
  const run = container.exec({ command: ["sh", "-c", list], hasStdin: false, hasTty: false });
  assert.equal(await text(run.stdout), "0\n1\n2\n0\n1\n2\n");
  closeSync(open);
});

test("A signal to a program's own group does not reach the agent", { skip }, async () => {
  let reached = 0;
  const count = () => reached++;
  process.on("SIGURG", count);
  // For whoever does not wait for it, SIGURG is nothing.
  const command = ["sh", "-c", "kill -URG 0"];
  await using pod = await openPod();
  for (const hasTty of [false, true]) {
    await start(pod, { command, hasTty }).exited;
    const beside = start(pod, { command: ["sleep", "60"] });
    const run = beside.exec({ command, hasStdin: false, hasTty });
    run.stdout.resume();
    assert.deepEqual(await run.exited, { exitCode: 0 });
  }
  process.off("SIGURG", count);
  assert.equal(reached, 0);
});

test("A program that was run by exec ends when it is killed", {
  skip,
  timeout: 60_000,
}, async () => {
  await using pod = await openPod();
  const container = start(pod, { command: ["sleep", "60"] });
  const run = container.exec({ command: ["sleep", "61"], hasStdin: false, hasTty: false });
  const inside = async () => {
    const list = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '";
    const look = container.exec({
      command: ["sh", "-c", list],
      hasStdin: false,
      hasTty: false,
    });
    return (await text(look.stdout)).includes("sleep 61");
  };
  while (!(await inside())) await systemClock.sleep(20);
  run.kill();
  await run.exited;
  // Its end is certain by now; that it has had its turn to end is not.
  while (await inside()) await systemClock.sleep(20);
});

test("A program that starts while the agent is busy hears SIGTERM", { skip }, async () => {
  await using pod = await openPod();
  const handler = "process.on('SIGTERM', () => process.exit(7)); setTimeout(() => {}, 60_000)";
  const container = start(pod, {
    command: [PROGRAM_NODE, "-e", handler],
    mounts: [{ source: process.execPath, target: PROGRAM_NODE, isReadOnly: true }],
  });
  // Node has a handler from its first moments, which process 1 survives; the program's own comes later.
  const catches = /^SigCgt:\s*[0-9a-f]*[4-7c-f][0-9a-f]{3}$/m;
  while (!catches.test(readFileSync(`/proc/${container.pid}/status`, "utf8"))) block(1);
  container.signal("SIGTERM");
  block(500);
  assert.equal((await container.exited).exitCode, 7);
});

/** Holds the thread, as an agent that forks does. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test("Exec with a terminal has a real one, of the size that was set", { skip }, async () => {
  await using pod = await openPod();
  const container = start(pod, { command: ["sleep", "60"] });
  const run = container.exec({
    command: ["sh", "-c", "read x; stty size; tty; echo $TERM"],
    hasStdin: true,
    hasTty: true,
  });
  run.resize({ columns: 100, rows: 40 });
  run.stdin?.write("go\n");
  const [screen, exit] = await Promise.all([text(run.stdout), run.exited]);
  assert.match(screen, /40 100\r\n\/dev\/pts\/0\r\nxterm\r\n/);
  assert.equal(exit.exitCode, 0);
});

test("Input that no program reads holds nobody up", { skip, timeout: 60_000 }, async () => {
  await using pod = await openPod();
  const container = start(pod, { command: ["sleep", "60"] });
  // As many as Node has threads for files, and more than a terminal takes.
  for (let index = 0; index < 4; index++) {
    const run = container.exec({ command: ["sleep", "60"], hasStdin: true, hasTty: true });
    run.stdout.resume();
    run.stdin?.write("line\n".repeat(100_000));
  }
  await stat(dir);
});

test("A container with a terminal of its own has its output in the log", { skip }, async () => {
  const { lines } = await runScript("tty", { hasTty: true });
  assert.deepEqual(lines, ["/dev/pts/0\r"]);
});

for (const hasTty of [false, true]) {
  test(`What a container prints is told at once, without a line end, ${hasTty ? "on a terminal" : "through pipes"}`, {
    skip,
  }, async () => {
    await using pod = await openPod();
    const script = "read go; printf 'name? '; read name; echo hello $name $TERM";
    const command = ["sh", "-c", script];
    const container = start(pod, { command, hasStdin: true, hasTty });
    let seen = "";
    let prompted = () => {};
    const prompt = new Promise<void>((resolve) => (prompted = resolve));
    container.onOutput((stream, chunk) => {
      assert.equal(stream, "stdout");
      seen += chunk;
      if (seen.includes("name? ")) prompted();
    });
    container.stdin?.write("go\n");
    await prompt;
    container.stdin?.write("you\n");
    await container.exited;
    assert.match(seen, hasTty ? /hello you xterm\r\n$/ : /^name\? hello you\n$/);
  });
}

test("Pods reach each other and themselves, the node reaches them, with true source addresses", {
  skip,
}, async () => {
  await using a = await openPod("pod-a");
  await using b = await openPod("pod-b");
  const serve = [
    "import socket",
    "server = socket.create_server(('::', 80), family=socket.AF_INET6, dualstack_ipv6=True)",
    "while True:",
    "  client, peer = server.accept()",
    "  client.send(peer[0].encode())",
    "  client.close()",
  ].join("\n");
  const log = new ContainerLog(join(dir, "server.log"), Date.now);
  start(a, { command: ["python3", "-c", serve], log });
  const ask = async (from: NetworkNamespace, family: 0 | 1 = 0): Promise<string> => {
    for (let tries = 0; tries < 50; tries++) {
      try {
        const socket = await from.sockets.connectTcp({ host: a.ips[family]!, port: 80 });
        return (await text(socket)).replace("::ffff:", "");
      } catch {
        await systemClock.sleep(50);
      }
    }
    return "no answer";
  };
  assert.equal(await ask(a.namespace), a.ips[0]);
  assert.equal(await ask(b.namespace), b.ips[0]);
  assert.equal(await ask(node), "192.168.0.1");
  assert.equal(await ask(a.namespace, 1), a.ips[1]);
  assert.equal(await ask(b.namespace, 1), b.ips[1]);
  assert.equal(await ask(node, 1), "2001:db8::1");
});

test("A freed address rests; a wanted one is given again", { skip }, async () => {
  const first = await openPod();
  const [ip] = first.ips;
  await first[Symbol.asyncDispose]();
  await using other = await openPod();
  assert.notEqual(other.ips[0], ip);
  await using again = await runtime.openPod(podOptions({ wantedIps: first.ips }));
  assert.equal(again.ips[0], ip);
});

async function text(stream: AsyncIterable<Buffer | string>): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += chunk;
  return all;
}
