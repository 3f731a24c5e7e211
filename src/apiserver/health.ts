import { kubernetesMinor, kubernetesVersion } from "../lib/version.ts";
import { type Answer, type Incoming, jsonAnswer, textAnswer } from "./exchange.ts";
import { noSuchPath } from "./refusals.ts";

/** One thing that must be well; the text says what is wrong, undefined is well. */
export interface HealthCheck {
  readonly name: string;
  readonly check: () => string | undefined;
}

/** `/healthz`, `/livez`, `/readyz`, each with `?verbose`, `?exclude=` and a path for each check; undefined for other paths. */
export function answerHealth(
  request: Incoming,
  checks: readonly HealthCheck[],
): Answer | undefined {
  const [root, name, ...more] = request.path.split("/").slice(1);
  if (root !== "healthz" && root !== "livez" && root !== "readyz") return undefined;
  if (more.length > 0) throw noSuchPath();
  if (name !== undefined && name !== "") {
    const found = checks.find((check) => check.name === name);
    if (found === undefined) throw noSuchPath();
    const problem = found.check();
    return problem === undefined
      ? textAnswer(200, "ok")
      : textAnswer(500, `internal server error: ${problem}`);
  }
  const excluded = new Set(request.query.getAll("exclude"));
  let isWell = true;
  const lines = checks.map(({ name, check }) => {
    if (excluded.delete(name)) return `[+]${name} excluded: ok`;
    if (check() === undefined) return `[+]${name} ok`;
    isWell = false;
    return `[-]${name} failed: reason withheld`;
  });
  if (isWell && !request.query.has("verbose")) return textAnswer(200, "ok");
  if (excluded.size > 0) {
    const names = [...excluded].sort().map((name) => JSON.stringify(name));
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(", ")}`);
  }
  const verdict = isWell ? `${root} check passed` : `${root} check failed`;
  return textAnswer(isWell ? 200 : 500, `${[...lines, verdict].join("\n")}\n`);
}

/** `/version`: a real Kubernetes version, since charts and clients compare it. */
export function answerVersion(): Answer {
  return jsonAnswer(200, {
    ...kubernetesMinor,
    gitVersion: kubernetesVersion,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "none",
    compiler: "none",
    platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
  });
}
