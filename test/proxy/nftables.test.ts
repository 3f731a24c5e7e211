import { openFlatDataPlane } from "../../src/proxy/nftables/apply.ts";
import { testConformance } from "./conformance.ts";

testConformance({
  name: "nftables flat",
  open: (node, config) => openFlatDataPlane(node, { config, affinityClientsMax: 262_144 }),
});
