import type { LabelRequirement } from "../selectors.ts";
import { StatusError } from "../status-error.ts";
import { labelValueRule, qualifiedName } from "../validation/names.ts";

/** Checks one requirement as Kubernetes does, and sorts its values. */
export function requirement(
  key: string,
  operator: LabelRequirement["operator"],
  values: readonly string[],
): LabelRequirement {
  checkKey(key);
  const problems: string[] = [];
  const takesValues = operator !== "exists" && operator !== "!";
  if (!takesValues && values.length > 0) {
    problems.push(
      `values: Invalid value: ${JSON.stringify(values)}: values set must be empty for exists and does not exist`,
    );
  }
  if ((operator === "in" || operator === "notin") && values.length === 0) {
    problems.push(
      "values: Invalid value: []string{}: for 'in', 'notin' operators, values set can't be empty",
    );
  }
  for (const [index, value] of values.entries()) {
    if ((operator === ">" || operator === "<") && integerOf(value) === undefined) {
      problems.push(
        `values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    const wrong = labelValueRule(value);
    if (wrong.length > 0) {
      problems.push(
        `values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong.join("; ")}`,
      );
    }
  }
  if (problems.length > 0) {
    const text = problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`;
    throw badRequirement(text ?? "");
  }
  return { key, operator, values: [...new Set(values)].toSorted() };
}

/** Refuses a key that no label can have. Kubernetes says so before it knows where in a selector it is: `<nil>`. */
export function checkKey(key: string): void {
  const problems = qualifiedName(key);
  if (problems.length === 0) return;
  throw badRequirement(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problems.join("; ")}`);
}

/** The answer to a requirement that cannot be understood. */
export function badRequirement(message: string): StatusError {
  return badRequest(`unable to parse requirement: ${message}`);
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
