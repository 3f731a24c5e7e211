import assert from "node:assert/strict";
import { parseTables, type Table } from "./parse-tables.ts";
import type { ObjectSchema } from "./schema.ts";
import { appsTable } from "./tables/apps.ts";
import { configTable } from "./tables/config.ts";
import { containerTable } from "./tables/container.ts";
import { coordinationTable } from "./tables/coordination.ts";
import { discoveryTable } from "./tables/discovery.ts";
import { metaTable } from "./tables/meta.ts";
import { nodeTable } from "./tables/node.ts";
import { podTable } from "./tables/pod.ts";
import { authenticationTable, authorizationTable } from "./tables/reviews.ts";
import { serviceTable } from "./tables/service.ts";
import { autoscalingTable, policyTable } from "./tables/subresources.ts";
import { volumeTable } from "./tables/volume.ts";

const tables: readonly Table[] = [
  metaTable,
  podTable,
  containerTable,
  volumeTable,
  serviceTable,
  nodeTable,
  configTable,
  discoveryTable,
  appsTable,
  coordinationTable,
  autoscalingTable,
  policyTable,
  authorizationTable,
  authenticationTable,
];

/** Every struct of the API that Portolan knows, by `table.Struct`, such as `core.ServiceSpec`. */
export const schemas: ReadonlyMap<string, ObjectSchema> = parseTables(tables);

/** The struct of that name, which must exist. */
export function schemaOf(name: string): ObjectSchema {
  const schema = schemas.get(name);
  assert(schema !== undefined, name);
  return schema;
}
