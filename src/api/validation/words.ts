import { type FieldError, notSupported, required } from "../field-error.ts";

/** A field that must hold one of a few words; defaulting has filled it in where it may be left out. */
export function validateWord(word: string, words: readonly string[], field: string): FieldError[] {
  return word === "" ? [required(field)] : validateOptionalWord(word, words, field);
}

/** The same where the field may be absent. */
export function validateOptionalWord(
  word: string | undefined,
  words: readonly string[],
  field: string,
): FieldError[] {
  return word === undefined || words.includes(word) ? [] : [notSupported(field, word, words)];
}
