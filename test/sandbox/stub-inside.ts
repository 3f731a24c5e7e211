import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInside, type SandboxSettings } from "../../src/sandbox/run-inside.ts";

// The sandbox without a cluster: it answers on the API's port with what the test asks for, and runs "pods".
await runInside((settings) => {
  const ready = start(settings);
  return {
    ready,
    close: async () => writeFileSync(join(settings.dataDir, "closed"), ""),
  };
});

async function start(settings: SandboxSettings): Promise<void> {
  const { apiListener, apiEndpoint, sockets, hostSockets, clusterNodes, dataDir } = settings;
  writeFileSync(settings.kubeconfig, "stub\n");
  if (settings.clusterDomain === "fail.example.org") throw new Error("planted failure");
  apiListener.on("connection", (socket) => {
    socket.once("data", async (data) => {
      const [verb, ...words] = data.toString().trim().split(" ");
      const upstream = { host: words[0] ?? "", port: Number(words[1]) };
      if (verb === "hello")
        socket.end(`${clusterNodes.map((node) => node.name).join()} ${dataDir}`);
      if (verb === "udp") {
        const udp = await hostSockets.bindUdp({ host: "127.0.0.1", port: 0 });
        udp.once("message", (message) => socket.end(message, () => udp.close()));
        udp.send("query", upstream.port, upstream.host);
      }
      if (verb === "tcp") {
        const tcp = await hostSockets.connectTcp(upstream).catch((error) => socket.end(error.code));
        if ("pipe" in tcp) tcp.end("query").pipe(socket);
      }
      if (verb === "listen") {
        const server = await hostSockets.listenTcp({ host: "127.0.0.1", port: 0 }, (s) =>
          s.end("published"),
        );
        const address = server.address();
        socket.end(String(typeof address === "object" ? address?.port : ""));
      }
    });
  });
  await sockets.listenTcp(apiEndpoint, (socket) => socket.end("inside api"));
  for (const node of clusterNodes) {
    await node.namespace.sockets.listenTcp({ host: "0.0.0.0", port: 30080 }, (socket) =>
      socket.end(`${node.name} sees ${socket.remoteAddress}`),
    );
    // A "pod": a process of its own in the node's namespace, with a child that it abandons.
    node.namespace.run(() =>
      spawn("sh", ["-c", "sleep 3600 & exec sleep 3601"], { stdio: "ignore", detached: true }),
    );
  }
  writeFileSync(join(settings.runtimeDir, "mark"), "");
}
