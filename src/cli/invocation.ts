import type { LogLevel } from "../lib/log.ts";

/** What the command line asks for. Paths are as given; defaults are the sandbox room's. */
export type Invocation =
  | ({ readonly command: "up" } & UpFlags)
  | { readonly command: "down"; readonly dataDir?: string }
  | {
      readonly command: "run";
      readonly dataDir?: string;
      readonly where: string;
      readonly argv: readonly string[];
    }
  | {
      readonly command: "status";
      readonly dataDir?: string;
      readonly wait: boolean;
      readonly output: OutputForm;
    }
  | { readonly command: "version"; readonly output: OutputForm };

export type OutputForm = "table" | "wide" | "json" | "yaml" | "name";

export interface UpFlags {
  readonly nodes: number;
  readonly detach: boolean;
  readonly dataDir?: string;
  readonly kubeconfig?: string;
  readonly apiPort: number;
  readonly serviceCidr: readonly string[];
  readonly podCidr: readonly string[];
  readonly serviceNodePortRange: { readonly from: number; readonly to: number };
  readonly proxyMode: string;
  readonly nftablesLayout: string;
  readonly images?: string;
  readonly manifests: readonly string[];
  readonly logLevel: LogLevel;
}
