import { type FieldError, forbidden, invalid, invalidEach, required } from "../field-error.ts";
import type { LabelSelector } from "../types.ts";
import { labelValueRule, qualifiedName } from "./names.ts";
import { validateLabels } from "./object-meta.ts";

export function isEmptySelector({
  matchLabels = {},
  matchExpressions = [],
}: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

export function validateLabelSelector(selector: LabelSelector, field: string): FieldError[] {
  return [
    ...validateLabels(selector.matchLabels, `${field}.matchLabels`),
    ...(selector.matchExpressions ?? []).flatMap(({ key, operator, values = [] }, index) => {
      const at = `${field}.matchExpressions[${index}]`;
      return [
        ...validateOperator(operator, values, at),
        ...invalidEach(`${at}.key`, key ?? "", qualifiedName(key ?? "")),
        ...values.flatMap((value, position) =>
          invalidEach(`${at}.values[${position}]`, value, labelValueRule(value)),
        ),
      ];
    }),
  ];
}

function validateOperator(
  operator: string,
  values: readonly string[],
  field: string,
): FieldError[] {
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length > 0
        ? []
        : [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      return values.length === 0
        ? []
        : [
            forbidden(
              `${field}.values`,
              "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
          ];
    default:
      return [invalid(`${field}.operator`, operator ?? "", "not a valid selector operator")];
  }
}
