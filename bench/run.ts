import { readdirSync } from "node:fs";
import { join } from "node:path";

// npm run bench -- NAME [ARGUMENT…]: runs bench/NAME.ts, which measures and prints when it is imported.
const tools = new Set(["run.ts", "machine.ts", "report.ts", "sandbox.ts"]);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !tools.has(file))
  .map((file) => file.slice(0, -3));

const name = process.argv[2];
if (name === undefined || !names.includes(name)) {
  console.error(`Usage: npm run bench -- NAME\nBenchmarks: ${names.toSorted().join(", ")}`);
  process.exit(2);
}
await import(join(import.meta.dirname, `${name}.ts`));
