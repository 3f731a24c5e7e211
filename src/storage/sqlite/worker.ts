import assert from "node:assert/strict";
import { parentPort } from "node:worker_threads";
import { describeError } from "../../lib/errors.ts";
import { Database } from "./database.ts";
import { explained } from "./fault.ts";
import type { Answer, Request } from "./messages.ts";

// The thread that owns the database: a disk that stalls for 300 ms stops this thread, and no watch.
assert(parentPort !== null, "this file is a worker");
const port = parentPort;
let database: Database | undefined;
let directory = "";

port.on("message", (message: Request) => {
  let answer: Answer;
  try {
    answer = { id: message.id, answer: carryOut(message) };
  } catch (error) {
    const fault = explained(error, directory);
    answer = { id: message.id, error: { code: fault.code, message: describeError(fault) } };
  }
  port.postMessage(answer);
  if (message.name === "close") port.close();
});

function carryOut(message: Request): unknown {
  if (message.name === "open") {
    directory = message.request.directory;
    database = new Database(directory, message.request.nowMs);
    return database.opened;
  }
  assert(database !== undefined, "the database has been opened");
  switch (message.name) {
    case "commit":
      return database.commit(message.request.writes, message.request.nowMs);
    case "get":
      return database.get(message.request.key);
    case "list":
      return database.list(message.request.prefix, message.request.revision);
    case "changesAfter":
      return database.changesAfter(message.request.prefix, message.request.revision);
    case "compactableRevision":
      return database.compactableRevision(message.request);
    case "compact":
      return database.compact(message.request.revision);
    case "close":
      return database.close();
  }
}
