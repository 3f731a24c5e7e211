import type { Writable } from "node:stream";
import type { ContainerSlot } from "../agent/container-slot.ts";
import type { RunningContainer } from "../runtime/runtime.ts";
import type { RemoteSession } from "../streaming/remote-session.ts";

/** What may wait for a slow client, in bytes. One that falls further behind is cut off: the log has it all. */
const OUTPUT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Joins a client to process 1 of a container: what is printed from now on, as it is printed, and its input if it has
 * one. Ends with the container, with the client, or, as container engines do it, with the client's input; but where
 * that was the only input the container gets (`stdinOnce`), the input ends and its answer is still waited for. How the
 * container ended is not told: an attach that could be served has succeeded.
 */
export async function attach(
  session: RemoteSession,
  { spec }: Pick<ContainerSlot, "spec">,
  life: RunningContainer,
): Promise<void> {
  const { stdin, closed } = session;
  const ends = Promise.withResolvers<void>();
  closed.addEventListener("abort", () => ends.resolve(), { once: true });
  if (closed.aborted) ends.resolve();
  const stop = life.onOutput((stream, chunk) => {
    const target = session[stream];
    target?.write(chunk);
    if ((target?.writableLength ?? 0) > OUTPUT_BYTES_MAX) ends.resolve();
  });
  session.onResize((size) => life.resize(size));
  if (stdin !== undefined && life.stdin !== undefined) {
    const isOnlyInput = spec.stdinOnce === true && spec.tty !== true;
    stdin.on("error", () => {}).pipe(life.stdin, { end: isOnlyInput });
    if (!isOnlyInput) stdin.once("end", () => ends.resolve());
  }
  await Promise.race([ends.promise, life.exited]);
  stop();
  if (life.stdin !== undefined) stdin?.unpipe(life.stdin);
  await Promise.all([flushed(session.stdout), flushed(session.stderr)]);
  await session.finish({ metadata: {}, status: "Success" });
}

/** Ends a stream; resolves when everything written to it is on its way. */
function flushed(target: Writable | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (target === undefined) resolve();
    else target.end(() => resolve());
  });
}
