import { Command, Option } from "commander";
import { portolanVersion } from "../lib/version.ts";
import { NODES_MAX, podRangesFor } from "../sandbox/address-plan.ts";
import { podRanges, sandboxDefaults } from "../sandbox/sandbox-options.ts";
import { cidrs, collect, integer, path, portRange } from "./flag-values.ts";
import type { Invocation, OutputForm } from "./invocation.ts";

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

type Accept = (invocation: Invocation) => void;

function createProgram(rest: readonly string[] | undefined, accept: Accept): Command {
  const program = new Command("portolan")
    .description(
      "Kubernetes service discovery and load balancing: a whole cluster on one machine, in network namespaces of its own.",
    )
    .version(`portolan v${portolanVersion}`, "-V, --version", "print the version")
    .helpCommand(false)
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
  addUp(program, accept);
  addDown(program, accept);
  addRun(program, accept, rest);
  addStatus(program, accept);
  addVersion(program, accept);
  for (const command of [program, ...program.commands]) {
    const topic = command === program ? "" : ` ${command.name()}`;
    command
      .exitOverride()
      .showSuggestionAfterError()
      .showHelpAfterError(`  Try: portolan help${topic}`);
  }
  return program;
}

function addUp(program: Command, accept: Accept): void {
  const { nodePortRange } = sandboxDefaults;
  program
    .command("up")
    .description("start a sandbox cluster, or continue one on its data")
    .option(
      "--nodes <n>",
      `how many nodes, 0 to ${NODES_MAX}`,
      integer(0, NODES_MAX),
      sandboxDefaults.nodes,
    )
    .option("--detach", "return once every node is Ready; the sandbox goes on in the background")
    .addOption(dataDir())
    .option(
      "--kubeconfig <file>",
      "where to write the kubeconfig (default: in the data directory)",
      path,
    )
    .option(
      "--api-port <port>",
      "port of the API on 127.0.0.1; 0 takes a free one",
      integer(0, 65535),
      sandboxDefaults.apiPort,
    )
    .addOption(
      new Option("--service-cidr <cidr,…>", "range of cluster IPs, one per family")
        .argParser(cidrs)
        .default(sandboxDefaults.serviceCidrs, sandboxDefaults.serviceCidrs.join()),
    )
    .option(
      "--pod-cidr <cidr,…>",
      `range of pod addresses; each node gets a part (default: ${podRanges.IPv4}, ${podRanges.IPv6}, by the families of the cluster IPs)`,
      cidrs,
    )
    .addOption(
      new Option("--service-node-port-range <from-to>", "range of node ports")
        .argParser(portRange)
        .default(nodePortRange, `${nodePortRange.from}-${nodePortRange.to}`),
    )
    .addOption(
      new Option("--proxy-mode <mode>", "data plane of the service proxy")
        .choices(["nftables"])
        .default(sandboxDefaults.proxyMode),
    )
    .addOption(
      new Option("--nftables-layout <layout>", "shape of the rules")
        .choices(["flat"])
        .default(sandboxDefaults.nftablesLayout),
    )
    .option(
      "--images <file>",
      "what pods run by the names of their images, beside the built-in ones",
      path,
    )
    .option(
      "-f, --filename <manifest>",
      "create what this file says once the cluster is up; may be repeated",
      collect,
    )
    .addOption(
      new Option("--log-level <level>", "what goes into the log")
        .choices(["debug", "info", "warn", "error"])
        .default(sandboxDefaults.logLevel),
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
        detach: flags.detach === true,
        ...optional("dataDir", flags.dataDir),
        ...optional("kubeconfig", flags.kubeconfig),
        ...optional("images", flags.images),
        apiPort: flags.apiPort,
        serviceCidr: flags.serviceCidr,
        podCidr: flags.podCidr ?? podRangesFor(flags.serviceCidr),
        serviceNodePortRange: flags.serviceNodePortRange,
        proxyMode: flags.proxyMode,
        nftablesLayout: flags.nftablesLayout,
        manifests: flags.filename ?? [],
        logLevel: flags.logLevel,
      }),
    );
}

function addDown(program: Command, accept: Accept): void {
  program
    .command("down")
    .description(
      "stop a sandbox; leaves no process, namespace, rule or mount behind, and keeps its data",
    )
    .addOption(dataDir())
    .action((flags) => accept({ command: "down", ...optional("dataDir", flags.dataDir) }));
}

function addRun(program: Command, accept: Accept, rest: readonly string[] | undefined): void {
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
}

function addStatus(program: Command, accept: Accept): void {
  program
    .command("status")
    .description("what runs, what is wrong, what to do")
    .addOption(dataDir())
    .option("--wait", "wait until every node is Ready")
    .addOption(output("table", "wide", "json", "yaml", "name"))
    .action((flags) =>
      accept({
        command: "status",
        wait: flags.wait === true,
        output: flags.output,
        ...optional("dataDir", flags.dataDir),
      }),
    );
}

function addVersion(program: Command, accept: Accept): void {
  program
    .command("version")
    .description("print the version of Portolan and of the Kubernetes API it speaks")
    .addOption(output("table", "json", "yaml"))
    .action((flags) => accept({ command: "version", output: flags.output }));

  program
    .command("help")
    .description("show what a command does and its options")
    .argument("[command]")
    .action((name?: string) => {
      const command = program.commands.find((one) => one.name() === name);
      // Commander's own prints the list of commands and leaves out what is wrong.
      if (name !== undefined && command === undefined) {
        program.error(`error: unknown command '${name}'`);
      }
      (command ?? program).help();
    });
}

function dataDir(): Option {
  return new Option(
    "--data-dir <dir>",
    "where the sandbox keeps its data and how the other commands find it",
  ).argParser(path);
}

function output(...forms: readonly OutputForm[]): Option {
  return new Option("-o, --output <form>", "how to print it").choices(forms).default("table");
}

function optional<Key extends string>(key: Key, value: string | undefined) {
  return value === undefined ? {} : { [key]: value };
}
