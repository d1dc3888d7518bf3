// What is drained, and under which limits. Every provider here lives as fast as its clients: no time scale, so that hints,
// pauses and jitter are what they would be. The rates are those of a small tier, so that N requests take seconds, not hours.

/** Requests per second that the limit lets in, whatever it is called. */
export const PER_SECOND = 100;
export const BURST = 100;
export const LATENCY_MS = 400;
export const IN_FLIGHT = 50;
const MAX_TOKENS = 20;
const CHARACTERS = 400;
/** By OpenAI's formula: the larger one of the bound on the output and a quarter of the characters. */
export const TOKENS = Math.max(MAX_TOKENS, Math.ceil(CHARACTERS / 4));

const latency = `${LATENCY_MS}ms`;
const BOUND_BY = {
  requests: {
    limits: { rpm: PER_SECOND * 60, burst: BURST, latency },
    told: { rpm: PER_SECOND * 60, burst: BURST },
  },
  tokens: {
    limits: { tpm: PER_SECOND * 60 * TOKENS, tokenBurst: BURST * TOKENS, latency },
    told: { tpm: PER_SECOND * 60 * TOKENS, tokenBurst: BURST * TOKENS },
  },
  // A limit on requests that never binds, so that there are headers to read.
  // An answer takes a second, which is short for a model's: with less, what client and server need of the machine between an
  // answer and the next request would be a part of what is measured.
  latency: { limits: { inFlight: IN_FLIGHT, rpm: 600_000, latency: "1000ms" }, told: { concurrency: IN_FLIGHT } },
};

const KNOWN = {
  told: { dialect: "openai", countRejected: false, isTold: true },
  learned: { dialect: "openai", countRejected: false },
  silent: { dialect: "silent", countRejected: false },
  "lying: too short": { dialect: "lying:short", countRejected: false },
  "lying: garbage": { dialect: "lying:garbage", countRejected: false },
  "lying: past date": { dialect: "lying:past-date", countRejected: false },
  "lying: too long": { dialect: "lying:long", countRejected: false },
  charged: { dialect: "openai", countRejected: true },
};

/** The most that the run may take over its bound, and refusals per success. */
const TARGETS = {
  told: [1.01, 0],
  learned: [1.02, 0.005],
  silent: [1.08, 0.03],
  "lying: too short": [1.1, 0.05],
  "lying: garbage": [1.1, 0.05],
  "lying: past date": [1.1, 0.05],
  charged: [1.03, 0.005],
};

/** Every scenario: `{bound by}, {what is known}`. */
export const SCENARIOS = [
  ...Object.entries(BOUND_BY).flatMap(([boundBy, { limits, told }]) =>
    Object.entries(KNOWN).map(([known, { isTold, ...how }]) => ({
      name: `${boundBy}, ${known}`,
      boundBy,
      known,
      emulator: { ...limits, ...how },
      told: isTold ? told : undefined,
      target: TARGETS[known],
    })),
  ),
  {
    name: "requests, other tenant",
    boundBy: "requests",
    known: "other tenant",
    // One purse for all keys of the organization; headers tell of it.
    emulator: { organization: { rpm: PER_SECOND * 60, burst: BURST }, latency, countRejected: true },
    tenantPerSecond: PER_SECOND / 2,
  },
];

/** When the other tenant comes and goes, from the start. */
export const TENANT_MS = { from: 6000, to: 20_000 };

/** What is looked at of a run that began at `firstMs`: not the tenant's first second, in which nobody knows of him yet. */
export function tenantSpanFrom(firstMs) {
  return [firstMs + TENANT_MS.from + 1000, firstMs + TENANT_MS.to - 500];
}

/** The body of one request: each prompt is another one, and all are equally long. */
export function messagesOf(index) {
  const content = `Question ${index}: ${"word ".repeat(CHARACTERS / 5)}`.slice(0, CHARACTERS);
  return [{ role: "user", content }];
}

export const MODEL = "gpt-x";
export const LENGTH = { maxTokens: MAX_TOKENS };
