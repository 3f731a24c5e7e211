/**
 * A duration as kubectl shows ages: exact while it is short, rounder as it grows (`90s`, `3m17s`, `25m`, `5d3h`, `2y`).
 *
 * Two seconds into the future count as now, because clocks differ; further ahead is `<invalid>`.
 */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 2 * 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 3 * 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return two(days, "d", hours % 24, "h");
  if (days < 2 * 365) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? two(years, "y", days % 365, "d") : `${years}y`;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** The time since a timestamp, as kubectl shows it; `<unknown>` where there is none. */
export function ageOf(timestamp: string | undefined, nowMs: number): string {
  const thenMs = Date.parse(timestamp ?? "");
  return Number.isNaN(thenMs) ? "<unknown>" : humanDuration(nowMs - thenMs);
}
