import { hostSockets } from "../../src/kernel/host-sockets.ts";
import { socketsConformance } from "./sockets-conformance.ts";

socketsConformance({
  name: "host sockets",
  skip: false,
  open: () => ({ sockets: hostSockets, [Symbol.asyncDispose]: async () => {} }),
});
