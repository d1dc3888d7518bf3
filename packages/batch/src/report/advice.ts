import type { Counts } from "../journal/records.js";
import { count, percent, plural } from "./format.js";
import type { Bottleneck, FailureKind, Limits, RunShown, Totals } from "./report-data.js";

/** What advice is drawn from. */
export interface Findings {
  readonly counts: Counts;
  readonly totals: Totals;
  readonly limits: Limits;
  readonly bottleneck: Bottleneck;
  readonly failures: readonly FailureKind[];
  readonly lastRun: RunShown | undefined;
  /** Requests that were answered well. */
  readonly answers: number;
  /** Answers that used all the output tokens that they had. */
  readonly cut: number;
  /** The bound on output tokens that most requests set, and one that would do. */
  readonly outputBound: OutputBound | undefined;
}

/** A bound on output tokens that is larger than it need be. */
export interface OutputBound {
  readonly current: number;
  readonly enough: number;
  /** What 99 of 100 answers used at the most. */
  readonly used: number;
  /** The tokens that would have been charged at admission with the lower bound. */
  readonly chargedTokens: number;
}

/** Plain sentences about what to change, the weightiest first; empty where all is well. */
export function adviceOn(findings: Findings): readonly string[] {
  return [stoppedAdvice, speedAdvice, refusalAdvice, cutAdvice, failureAdvice, priceAdvice, restAdvice].flatMap(
    (advise) => advise(findings),
  );
}

function speedAdvice(findings: Findings): readonly string[] {
  const { bottleneck, limits } = findings;
  switch (bottleneck.binds) {
    case "tokens":
      return tokensAdvice(findings);
    case "requests":
      return [
        `Bound by requests: ${count(limits.rpm ?? 0)} a minute carry no more. Put several questions into one request, or ask the provider for a higher limit.`,
      ];
    case "concurrency":
      return concurrencyAdvice(findings);
    case "nothing":
      return [];
  }
}

function tokensAdvice({ bottleneck, limits, outputBound }: Findings): readonly string[] {
  const tpm = count(limits.tpm ?? 0);
  if (outputBound === undefined || bottleneck.tokensMs === undefined) {
    return [
      `Bound by tokens: ${tpm} a minute carry no more. Shorten the prompts, or ask the provider for a higher limit.`,
    ];
  }
  const { current, enough, used, chargedTokens } = outputBound;
  const tokensMs = (chargedTokens / (limits.tpm ?? 1)) * 60_000;
  const factor = bottleneck.tokensMs / Math.max(tokensMs, bottleneck.requestsMs ?? 0, bottleneck.concurrencyMs ?? 0);
  if (factor < 1.1) return [`Bound by tokens: ${tpm} a minute carry no more. Ask the provider for a higher limit.`];
  return [
    `Bound by tokens: lower max_tokens from ${current} to ${enough}, then ${factor.toFixed(1)} × shorter. Providers charge the bound, not the answer, and 99 of 100 answers used ${used} at the most.`,
  ];
}

function concurrencyAdvice({ bottleneck, limits }: Findings): readonly string[] {
  const { concurrencyMs = 0, requestsMs = 0, tokensMs = 0 } = bottleneck;
  const { concurrency = 1 } = limits;
  const quotaMs = Math.max(requestsMs, tokensMs);
  if (quotaMs === 0) {
    return [`Bound by concurrency: ${concurrency} at once. Raise --concurrency until answers with 429 show the limit.`];
  }
  const enough = Math.ceil((concurrency * concurrencyMs) / quotaMs);
  return [
    `Bound by concurrency: raise --concurrency from ${concurrency} to ${enough}, then ${(concurrencyMs / quotaMs).toFixed(1)} × shorter.`,
  ];
}

function refusalAdvice({ totals, limits }: Findings): readonly string[] {
  const { attempts, rateLimited } = totals;
  if (rateLimited < 5 || rateLimited / attempts < 0.02) return [];
  const told = limits.rpm !== undefined || limits.tpm !== undefined;
  const what = told
    ? "Somebody else may use the same key, or the limits are lower than told: lower --rpm, --tpm or --burst."
    : "Tell the limits with --rpm and --tpm, and requests go when they are let in.";
  return [`${percent(rateLimited / attempts)} of all requests were refused with 429. ${what}`];
}

function cutAdvice({ cut, answers }: Findings): readonly string[] {
  if (cut === 0) return [];
  const cutAnswers = `${plural(cut, "answer")} of ${count(answers)} used every output token that they had`;
  return [`${cutAnswers}, and may be cut: raise max_tokens for these, or ask for shorter answers.`];
}

const CURES: Readonly<Record<string, string>> = {
  context: "are longer than the model can read: shorten them, or take a model that reads more",
  "too-big": "are above the limit by themselves: shorten them, or lower their max_tokens",
  "content-filter": "were refused by a content filter: the same words are refused again",
  invalid: "were refused as they are: look at one of them in the file of errors",
  "not-found": "asked for a model or a route that is not there",
};

function failureAdvice({ failures }: Findings): readonly string[] {
  const byClass = new Map<string, number>();
  for (const { class: type, attempts } of failures) byClass.set(type, (byClass.get(type) ?? 0) + attempts);
  return Object.entries(CURES).flatMap(([type, cure]) => {
    const attempts = byClass.get(type);
    return attempts === undefined ? [] : [`${plural(attempts, "request")} ${attempts === 1 ? singular(cure) : cure}.`];
  });
}

function singular(cure: string): string {
  return cure
    .replace(/^are /, "is ")
    .replace(/^were /, "was ")
    .replace("by themselves", "by itself")
    .replace("shorten them", "shorten it")
    .replace("their max_tokens", "its max_tokens")
    .replace("as they are", "as it is")
    .replace("one of them", "it");
}

const STOPPED: Readonly<Record<string, string>> = {
  quota: "The key ran out of money: pay or raise its limit, then run the same command again.",
  auth: "The endpoint refused the key: set another one, then run the same command again.",
  "long-wait": "The endpoint asked for a wait of hours: run the same command again when its limit has come back.",
  unreachable:
    "The endpoint could not be reached: look at its address and the network, then run the same command again.",
  "max-cost": "The run stopped at what it may cost: raise --max-cost, then run the same command again.",
};

function stoppedAdvice({ lastRun, counts }: Findings): readonly string[] {
  const sentence = counts.open > 0 && lastRun ? STOPPED[lastRun.ending] : undefined;
  return sentence === undefined ? [] : [sentence];
}

function priceAdvice({ totals }: Findings): readonly string[] {
  if (totals.unpriced === 0) return [];
  return [`The cost of ${plural(totals.unpriced, "answer")} is not known: give their models' prices with --prices.`];
}

function restAdvice({ counts, lastRun }: Findings): readonly string[] {
  const isRunning = lastRun?.ending === "running";
  const isExplained = lastRun !== undefined && lastRun.ending in STOPPED;
  const open =
    counts.open > 0 && !isRunning && !isExplained
      ? [`${plural(counts.open, "request")} left: run the same command again, and it goes on where it was.`]
      : [];
  const failed =
    counts.failed > 0
      ? [`${plural(counts.failed, "item")} failed for good: once the cause is gone, run it again with --retry-failed.`]
      : [];
  return [...open, ...failed];
}
