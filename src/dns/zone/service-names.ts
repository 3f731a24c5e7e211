import type { NameKey } from "../wire/name.ts";
import type { NodeContext, ZoneNode } from "./nodes.ts";
import {
  nodesBelowService,
  type ServiceOptions,
  type ServiceSource,
  serviceNode,
  zonalNode,
} from "./service-nodes.ts";

export interface ServiceNamesOptions extends ServiceOptions {
  /** Whether `<zone>.pin|prefer._zone` exists below headless Services. */
  readonly zonalNames: boolean;
}

/** The names of one Service as it is now, made when they are first asked for. */
export class ServiceNames {
  readonly #source: ServiceSource;
  readonly #context: NodeContext;
  readonly #options: ServiceNamesOptions;
  readonly #own: ZoneNode | undefined;
  #below: Map<NameKey, () => ZoneNode> | undefined;
  readonly #made = new Map<NameKey, ZoneNode>();

  constructor(source: ServiceSource, context: NodeContext, options: ServiceNamesOptions) {
    this.#source = source;
    this.#context = context;
    this.#options = options;
    this.#own = serviceNode(source, context, options);
  }

  /** What is at a name below the Service's own, or at its own if that is empty; undefined for nothing. */
  node(below: NameKey): ZoneNode | undefined {
    if (below === "" || this.#own === undefined) return this.#own;
    const made = this.#made.get(below);
    if (made !== undefined) return made;
    this.#below ??= nodesBelowService(this.#source, this.#context);
    const node = this.#below.get(below)?.();
    if (node !== undefined) this.#made.set(below, node);
    else if (this.#options.zonalNames) return zonalNode(this.#source, below, this.#context);
    return node;
  }
}
