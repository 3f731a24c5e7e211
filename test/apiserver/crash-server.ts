// The child of the crash test: an API server that says where it is and who may call it.
import { startLab } from "./lab.ts";

const [directory = ""] = process.argv.slice(2);
const { authority, admin, port } = await startLab({ directory });
process.stdout.write(`${JSON.stringify({ port, ca: authority.cert, admin })}\n`);
