import { constants } from "node:os";

/** What Node says of a child's end, as an exit status: 128 + signal when a signal ended it, as shells count. */
export function exitOf(
  code: number | null,
  signal: NodeJS.Signals | null,
): { readonly exitCode: number; readonly signal?: number } {
  if (signal === null) return { exitCode: code ?? 255 };
  const number = constants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}
