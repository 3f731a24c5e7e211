import { openFlatDataPlane } from "../../src/proxy/nftables/apply.ts";
import { type Conformance, testConformance } from "./conformance.ts";
import { testSequences } from "./sequences.ts";

const flat: Conformance = {
  name: "nftables flat",
  open: (node, config) => openFlatDataPlane(node, { config, affinityClientsMax: 262_144 }),
};

testConformance(flat);
testSequences(flat);
