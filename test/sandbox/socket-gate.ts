import process from "node:process";
import { describeError, errorCode } from "../../src/lib/errors.ts";
import { makeHostSocket } from "../../src/sandbox/make-host-socket.ts";
import { parseReport } from "../../src/sandbox/messages.ts";

// The part of the gate that makes sockets, as a process of its own.
process.on("message", async (message: unknown) => {
  const request = parseReport(message);
  if (request?.type !== "socket-request") return;
  const { id } = request;
  try {
    const { handle, sent } = await makeHostSocket(request);
    process.send?.({ type: "socket", id }, handle, {}, sent);
  } catch (error) {
    const code = errorCode(error) ?? "EIO";
    process.send?.({ type: "socket-failed", id, code, message: describeError(error) });
  }
});
process.once("disconnect", () => process.exit(0));
