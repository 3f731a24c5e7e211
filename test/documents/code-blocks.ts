/** A piece of code in a document. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

/** The fenced code blocks of a Markdown text, in order. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({
    language,
    text,
  }));
}

/** What an example says that it prints: the comments right after each line that prints. */
export function promisedOutput(code: string): string {
  return [...code.matchAll(/console\.log\([^\n]*\n((?: *\/\/ [^\n]*\n)+)/g)]
    .flatMap(([, comments = ""]) => comments.split("\n").filter((line) => line !== ""))
    .map((line) => `${line.replace(/^ *\/\/ /, "")}\n`)
    .join("");
}
