import { openFlatDataPlane } from "../../src/proxy/nftables/apply.ts";
import { namespacesMissing } from "../kernel/probe.ts";
import { type Conformance, testConformance } from "./conformance.ts";
import { testSequences } from "./sequences.ts";

const flat: Conformance = {
  name: "nftables flat",
  skip: await namespacesMissing(),
  open: (node, config) => openFlatDataPlane(node, { config, affinityClientsMax: 262_144 }),
};

testConformance(flat);
testSequences(flat);
