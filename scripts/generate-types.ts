// Writes src/api/types.ts from the schema tables. Run it (`npm run generate`) after a table has changed;
// src/api/schema/types.test.ts fails when that was forgotten.
import { writeFileSync } from "node:fs";
import { renderTypes } from "../src/api/schema/render-types.ts";

writeFileSync(new URL("../src/api/types.ts", import.meta.url), renderTypes());
