import { kindFor, virtualKindFor } from "../api/kinds.ts";
import { type Answer, type Incoming, textAnswer } from "./exchange.ts";

/** A number of now, beside those that are counted here. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  /** One for each set of labels. */
  readonly values: () => Iterable<{
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }>;
}

/** Upper bounds in seconds: Kubernetes' own, the coarser half of them. */
const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1, 2, 5, 10, 30, 60] as const;

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly codes: Map<number, number>;
  /** How many requests were no slower than each bound, and slower than the one before. */
  readonly buckets: number[];
  seconds: number;
  count: number;
  open: number;
}

/**
 * Counts requests under the names that dashboards of Kubernetes know. What is no resource of ours shares one
 * series, so that nobody can make them grow.
 */
export class RequestMetrics {
  readonly #series = new Map<string, Series>();

  /** Counts a request and its answer. A stream counts at once, and is open until it ends. */
  counted(request: Incoming, answer: Answer, seconds: number): Answer {
    const series = this.#seriesOf(request, answer);
    series.codes.set(answer.status, (series.codes.get(answer.status) ?? 0) + 1);
    if (!("stream" in answer)) {
      const at = bounds.findIndex((bound) => seconds <= bound);
      const bucket = at < 0 ? bounds.length : at;
      series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
      series.seconds += seconds;
      series.count += 1;
      return answer;
    }
    return {
      ...answer,
      stream(sink, signal) {
        series.open += 1;
        let isOpen = true;
        const close = () => {
          if (isOpen) series.open -= 1;
          isOpen = false;
        };
        signal.addEventListener("abort", close, { once: true });
        const end = () => {
          close();
          sink.end();
        };
        answer.stream({ ...sink, end }, signal);
      },
    };
  }

  /** The text form of Prometheus, version 0.0.4. */
  render(gauges: readonly Gauge[]): string {
    const all = [...this.#series.values()];
    const lines = [
      ...header("apiserver_request_total", "counter", "Answers by verb, resource and code."),
      ...all.flatMap(({ labels, codes }) =>
        [...codes].map(([code, count]) =>
          sample("apiserver_request_total", { ...labels, code: String(code) }, count),
        ),
      ),
      ...header(duration, "histogram", "Time until an answer is ready; streams are left out."),
      ...all.filter(({ count }) => count > 0).flatMap(histogram),
      ...header("apiserver_longrunning_requests", "gauge", "Watches and logs that are open."),
      ...all
        .filter(({ open }) => open > 0)
        .map(({ labels, open }) => sample("apiserver_longrunning_requests", labels, open)),
      ...gauges.flatMap(({ name, help, values }) => [
        ...header(name, "gauge", help),
        ...[...values()].map(({ labels, value }) => sample(name, labels, value)),
      ]),
    ];
    return `${lines.join("\n")}\n`;
  }

  #seriesOf(request: Incoming, answer: Answer): Series {
    const labels = labelsOf(request, "stream" in answer);
    const key = Object.values(labels).join(" ");
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const buckets = Array.from({ length: bounds.length + 1 }, () => 0);
    const series = { labels, codes: new Map(), buckets, seconds: 0, count: 0, open: 0 };
    this.#series.set(key, series);
    return series;
  }
}

const duration = "apiserver_request_duration_seconds";

function histogram({ labels, buckets, seconds, count }: Series): string[] {
  let sum = 0;
  const lines = bounds.map((bound, at) => {
    sum += buckets[at] ?? 0;
    return sample(`${duration}_bucket`, { ...labels, le: String(bound) }, sum);
  });
  return [
    ...lines,
    sample(`${duration}_bucket`, { ...labels, le: "+Inf" }, count),
    sample(`${duration}_sum`, labels, seconds),
    sample(`${duration}_count`, labels, count),
  ];
}

const verbs = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]);

function labelsOf({ target, method }: Incoming, isStream: boolean) {
  const known = verbs.has(method) ? method : "other";
  const nothing = { verb: known, group: "", version: "", resource: "", subresource: "", scope: "" };
  if (target.type === "path") return nothing;
  const { group, version, plural, namespace, name, subresource = "" } = target;
  const kind = kindFor(group, version, plural) ?? virtualKindFor(group, version, plural);
  if (kind === undefined) return nothing;
  const isKnown = subresource === "" || kind.subresources.includes(subresource);
  return {
    verb: verbFor(known, { isStream: isStream && subresource === "", isOne: name !== undefined }),
    group,
    version,
    resource: plural,
    subresource: isKnown ? subresource : "",
    scope: name !== undefined ? "resource" : namespace !== undefined ? "namespace" : "cluster",
  };
}

/** Kubernetes tells lists and watches from the reading of one object. */
function verbFor(method: string, { isStream, isOne }: { isStream: boolean; isOne: boolean }) {
  if (method === "GET" && isStream) return "WATCH";
  if (method === "GET" && !isOne) return "LIST";
  return method === "DELETE" && !isOne ? "DELETECOLLECTION" : method;
}

function header(name: string, type: "counter" | "gauge" | "histogram", help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  // Every label is one of our own words: nothing in it needs an escape.
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return pairs.length === 0 ? `${name} ${value}` : `${name}{${pairs.join(",")}} ${value}`;
}

/** `GET /metrics`, for administrators. */
export function metricsAnswer(text: string): Answer {
  const answer = textAnswer(200, text);
  const headers = { ...answer.headers, "content-type": "text/plain; version=0.0.4; charset=utf-8" };
  return { ...answer, headers };
}
