import { Command, InvalidArgumentError, Option } from "commander";
import { type IpFamily, parseCidr } from "../lib/ip.ts";
import { NODES_MAX } from "../sandbox/address-plan.ts";

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
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/** The address plan's ranges for pods. */
const podRanges: Readonly<Record<IpFamily, string>> = {
  IPv4: "10.244.0.0/16",
  IPv6: "fd00:10:244::/56",
};

/**
 * Reads the command line (without the interpreter and the script). Options may stand anywhere before `--`;
 * what follows `--` is a command for `run`. Throws commander's error, whose `exitCode` is 0 for help.
 */
export function parseCommandLine(argv: readonly string[]): Invocation {
  const separator = argv.indexOf("--");
  const own = separator < 0 ? argv : argv.slice(0, separator);
  const rest = separator < 0 ? undefined : argv.slice(separator + 1);
  let found: Invocation | undefined;
  const program = createProgram(rest, (invocation) => {
    found = invocation;
  });
  program.parse([...own], { from: "user" });
  if (found === undefined) throw new Error("commander ran no action");
  return found;
}

function createProgram(
  rest: readonly string[] | undefined,
  accept: (invocation: Invocation) => void,
): Command {
  const program = new Command("portolan")
    .description(
      "Kubernetes service discovery and load balancing: a whole cluster on one machine, in network namespaces of its own.",
    )
    .helpCommand("help [command]", "show what a command does and its options")
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      "after",
      `
A first walk:
  $ portolan up --nodes 3 --detach       a cluster, in a second or two; prints the export line
  $ kubectl create -f examples/nginx-deployment.yaml -f examples/nginx-service.yaml
  $ kubectl get svc,pod -o wide
  $ portolan run client -- curl -s http://192.168.100.11:NODEPORT
  $ portolan down                        leaves nothing behind`,
    );
  const dataDir = () =>
    new Option(
      "--data-dir <dir>",
      "where the sandbox keeps its data and how the other commands find it",
    );

  program
    .command("up")
    .description("start a sandbox cluster, or continue one on its data")
    .option("--nodes <n>", `how many nodes, 0 to ${NODES_MAX}`, integer(0, NODES_MAX), 3)
    .option(
      "--detach",
      "return once every node is Ready; the sandbox goes on in the background",
      false,
    )
    .addOption(dataDir())
    .option("--kubeconfig <file>", "where to write the kubeconfig (default: in the data directory)")
    .option(
      "--api-port <port>",
      "port of the API on 127.0.0.1; 0 takes a free one",
      integer(0, 65535),
      6443,
    )
    .option("--service-cidr <cidr,…>", "range of cluster IPs, one per family", cidrs, [
      "10.96.0.0/12",
    ])
    .option(
      "--pod-cidr <cidr,…>",
      `range of pod addresses; each node gets a part (default: ${podRanges.IPv4}, ${podRanges.IPv6}, by the families of the cluster IPs)`,
      cidrs,
    )
    .addOption(
      new Option("--service-node-port-range <from-to>", "range of node ports")
        .argParser(portRange)
        .default({ from: 30000, to: 32767 }, "30000-32767"),
    )
    .addOption(new Option("--node-port-range <from-to>").argParser(portRange).hideHelp())
    .addOption(
      new Option("--proxy-mode <mode>", "data plane of the service proxy")
        .choices(["nftables"])
        .default("nftables"),
    )
    .addOption(
      new Option("--nftables-layout <layout>", "shape of the rules")
        .choices(["flat"])
        .default("flat"),
    )
    .option(
      "--images <file>",
      "what pods run by the names of their images, beside the built-in ones",
    )
    .option(
      "-f, --filename <manifest>",
      "create what this file says once the cluster is up; may be repeated",
      collect,
      [],
    )
    .addOption(
      new Option("--log-level <level>", "what goes into the log")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    )
    .addHelpText(
      "after",
      `
A file for --images (YAML or JSON):
  images:
    example.org/team/api:        # a full name, or a last path component for any registry and tag
      command: [python3, /opt/api/main.py]
      args: [--port=8080]        # what a pod's args replace
      environment: { MODE: demo }`,
    )
    .action((flags) =>
      accept({
        command: "up",
        nodes: flags.nodes,
        detach: flags.detach,
        ...optional("dataDir", flags.dataDir),
        ...optional("kubeconfig", flags.kubeconfig),
        ...optional("images", flags.images),
        apiPort: flags.apiPort,
        serviceCidr: flags.serviceCidr,
        podCidr: flags.podCidr ?? podRangesFor(flags.serviceCidr),
        serviceNodePortRange: flags.nodePortRange ?? flags.serviceNodePortRange,
        proxyMode: flags.proxyMode,
        nftablesLayout: flags.nftablesLayout,
        manifests: flags.filename,
        logLevel: flags.logLevel,
      }),
    );

  program
    .command("down")
    .description(
      "stop a sandbox; leaves no process, namespace, rule or mount behind, and keeps its data",
    )
    .addOption(dataDir())
    .action((flags) => accept({ command: "down", ...optional("dataDir", flags.dataDir) }));

  program
    .command("run")
    .description("run a command on a sandbox node, or on the client outside the cluster")
    .usage("[--data-dir DIR] NODE|client -- COMMAND [ARGUMENT…]")
    .argument("<where>", "a node such as node-1, or client")
    .addOption(dataDir())
    .action((where, flags, command: Command) => {
      if (rest === undefined || rest.length === 0) {
        command.error(
          "error: nothing to run; write it after --, such as: portolan run node-1 -- ip addr",
          {
            exitCode: 2,
          },
        );
      }
      accept({ command: "run", where, argv: rest ?? [], ...optional("dataDir", flags.dataDir) });
    });

  const output = () =>
    new Option("-o, --output <form>", "how to print it")
      .choices(["table", "wide", "json", "yaml", "name"])
      .default("table");
  program
    .command("status")
    .description("what runs, what is wrong, what to do")
    .addOption(dataDir())
    .option("--wait", "wait until every node is Ready", false)
    .addOption(output())
    .action((flags) =>
      accept({
        command: "status",
        wait: flags.wait,
        output: flags.output,
        ...optional("dataDir", flags.dataDir),
      }),
    );

  program
    .command("version")
    .description("print the version of Portolan and of the Kubernetes API it speaks")
    .addOption(output())
    .action((flags) => accept({ command: "version", output: flags.output }));

  for (const command of program.commands) command.exitOverride().showSuggestionAfterError();
  return program;
}

function optional<Key extends string>(key: Key, value: string | undefined) {
  return value === undefined ? {} : { [key]: value };
}

function integer(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
  };
}

function cidrs(text: string): string[] {
  const list = text.split(",").map((part) => part.trim());
  const families = list.map((part) => {
    const cidr = parseCidr(part);
    if (cidr === undefined) {
      throw new InvalidArgumentError(`"${part}" is no range; write it like 10.96.0.0/12.`);
    }
    return cidr.family;
  });
  if (new Set(families).size === list.length && list.length <= 2) return list;
  throw new InvalidArgumentError("Give at most one range for IPv4 and one for IPv6.");
}

/** A Service reaches only pods of its own families, so pods have those of the cluster IPs unless told otherwise. */
function podRangesFor(serviceCidrs: readonly string[]): string[] {
  return serviceCidrs.flatMap((text) => {
    const family = parseCidr(text)?.family;
    return family === undefined ? [] : [podRanges[family]];
  });
}

function portRange(text: string): { from: number; to: number } {
  const match = /^(\d+)-(\d+)$/.exec(text);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && from >= 1 && from <= to && to <= 65535) return { from, to };
  throw new InvalidArgumentError("It must look like 30000-32767.");
}

function collect(text: string, before: readonly string[]): string[] {
  return [...before, text];
}
