import { fork } from "node:child_process";
import { join } from "node:path";
import { GateSockets } from "../../src/sandbox/gate-sockets.ts";
import { parseOrder } from "../../src/sandbox/messages.ts";
import { socketsConformance } from "../kernel/sockets-conformance.ts";

socketsConformance({
  name: "gate sockets",
  skip: false,
  open: () => {
    const gate = fork(join(import.meta.dirname, "socket-gate.ts"));
    const sockets = new GateSockets((request) => gate.send(request));
    gate.on("message", (message: unknown, handle: unknown) => {
      const order = parseOrder(message);
      if (order !== undefined) sockets.accept(order, handle);
    });
    return { sockets, [Symbol.asyncDispose]: async () => gate.disconnect() };
  },
});
