import {
  type FieldError,
  forbidden,
  goText,
  invalid,
  invalidEach,
  required,
  shown,
} from "../field-error.ts";
import type { LabelSelector } from "../types.ts";
import { labelValueRule, qualifiedName } from "./names.ts";
import { validateLabels } from "./object-meta.ts";

/** Whether a selector has no condition, and so matches everything. */
export function isEmptySelector({
  matchLabels = {},
  matchExpressions = [],
}: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/** A mistake of a selector as a whole, which Kubernetes 1.33 shows as Go does. */
export function invalidSelector(
  field: string,
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  detail: string,
): FieldError {
  const expressions = matchExpressions.map(
    ({ key, operator, values }) =>
      `v1.LabelSelectorRequirement{Key:${goText(key)}, Operator:${goText(operator)}, Values:${values === undefined ? "[]string(nil)" : goText(values)}}`,
  );
  const labels =
    Object.keys(matchLabels).length === 0 ? "map[string]string(nil)" : goText(matchLabels);
  const list = expressions.length === 0 ? "(nil)" : `{${expressions.join(", ")}}`;
  const text = `v1.LabelSelector{MatchLabels:${labels}, MatchExpressions:[]v1.LabelSelectorRequirement${list}}`;
  return invalid(field, shown(text), detail);
}

/** What is wrong with the conditions of a selector. */
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
