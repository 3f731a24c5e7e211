/**
 * Replaces `$(NAME)` by what `lookup` knows.
 *
 * `$$` stands for one dollar sign, so `$$(NAME)` is never replaced; a name that `lookup` does not know stays as it is
 * written, as does a lone `$`.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (match, name: string | undefined) =>
    name === undefined ? "$" : (lookup(name) ?? match),
  );
}
