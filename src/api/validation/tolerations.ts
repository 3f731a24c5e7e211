import { type FieldError, invalid, invalidEach, notSupported } from "../field-error.ts";
import type { Toleration } from "../types.ts";
import { labelValueRule, qualifiedName } from "./names.ts";

/** What a taint does to pods that do not tolerate it. */
export const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** The taints that do not keep a pod away. */
export function validateTolerations(
  tolerations: readonly Toleration[],
  field: string,
): FieldError[] {
  return tolerations.flatMap((one, index) => validateToleration(one, `${field}[${index}]`));
}

function validateToleration(toleration: Toleration, field: string): FieldError[] {
  const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
  const errors = key === "" ? [] : invalidEach(`${field}.key`, key, qualifiedName(key));
  if (key === "" && operator !== "Exists") {
    const detail =
      'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${field}.operator`, operator, detail));
  }
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${field}.effect`, effect, detail));
  }
  if (operator === "" || operator === "Equal") {
    const problems = labelValueRule(value);
    if (problems.length > 0) {
      errors.push(invalid(`${field}.operator`, value, problems.join(";")));
    }
  } else if (operator !== "Exists") {
    errors.push(notSupported(`${field}.operator`, operator, ["Equal", "Exists"]));
  } else if (value !== "") {
    const detail = "value must be empty when `operator` is 'Exists'";
    errors.push(invalid(`${field}.operator`, value, detail));
  }
  if (effect !== "" && !taintEffects.includes(effect)) {
    errors.push(notSupported(`${field}.effect`, effect, taintEffects));
  }
  return errors;
}
