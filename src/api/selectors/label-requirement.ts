import type { LabelRequirement } from "../selectors.ts";
import { StatusError } from "../status-error.ts";
import { labelValueRule, qualifiedName } from "../validation/names.ts";

/** Checks one requirement as Kubernetes does, and sorts its values. */
export function requirement(
  key: string,
  operator: LabelRequirement["operator"],
  values: readonly string[],
): LabelRequirement {
  const problems = qualifiedName(key).map(
    (problem) => `key: Invalid value: ${JSON.stringify(key)}: ${problem}`,
  );
  const takesValues = operator !== "exists" && operator !== "!";
  if (!takesValues && values.length > 0) {
    problems.push(
      `values: Invalid value: ${JSON.stringify(values)}: values set must be empty for exists and does not exist`,
    );
  }
  if ((operator === "in" || operator === "notin") && values.length === 0) {
    problems.push(
      "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    );
  }
  for (const [index, value] of values.entries()) {
    if ((operator === ">" || operator === "<") && integerOf(value) === undefined) {
      problems.push(
        `values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    problems.push(
      ...labelValueRule(value).map(
        (problem) =>
          `values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`,
      ),
    );
  }
  if (problems.length > 0) {
    const text = problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`;
    throw badRequest(`unable to parse requirement: ${text}`);
  }
  return { key, operator, values: [...new Set(values)].toSorted() };
}

/** The order of requirements in texts and answers. */
export function byKey(a: LabelRequirement, b: LabelRequirement): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** A label's value as a number, for `>` and `<`; undefined if it is none. */
export function integerOf(value: unknown): bigint | undefined {
  return typeof value === "string" && /^[-+]?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}

/** The answer to a selector that cannot be understood. */
export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}
