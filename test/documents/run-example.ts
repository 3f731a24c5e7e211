import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { codeBlocks } from "./code-blocks.ts";

// Runs one TypeScript example of a document as a module that lies where the document lies: `run-example.ts FILE INDEX`.

const [file = "", index = "0"] = process.argv.slice(2);

registerHooks({
  load(url, context, nextLoad) {
    const { pathname, searchParams } = new URL(url);
    if (!pathname.endsWith(".md")) return nextLoad(url, context);
    const examples = codeBlocks(readFileSync(fileURLToPath(`file://${pathname}`), "utf8")).filter(
      ({ language }) => language === "ts",
    );
    const source = examples[Number(searchParams.get("example"))]?.text ?? "";
    return { format: "module-typescript", source, shortCircuit: true };
  },
});

await import(`${pathToFileURL(resolve(file)).href}?example=${index}`);
