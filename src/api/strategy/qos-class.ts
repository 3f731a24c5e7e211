import { nanosOf } from "../quantity.ts";
import type { PodSpec } from "../types.ts";

const counted = ["cpu", "memory"] as const;

/**
 * The quality of service that a pod's requests and limits give it: `Guaranteed` if every container has equal ones for
 * cpu and memory, `BestEffort` if none has any, else `Burstable`.
 */
export function qosClassOf({ containers = [], initContainers = [] }: PodSpec): string {
  const amounts = [...containers, ...initContainers].flatMap(({ resources }) =>
    counted.map((name) => {
      const limit = nanosOf(resources?.limits?.[name]) ?? 0n;
      return { limit, request: nanosOf(resources?.requests?.[name]) ?? limit };
    }),
  );
  if (amounts.every(({ limit, request }) => limit === 0n && request === 0n)) return "BestEffort";
  return amounts.every(({ limit, request }) => limit > 0n && limit === request)
    ? "Guaranteed"
    : "Burstable";
}
