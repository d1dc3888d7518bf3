import { type Answer, answerTo, answerTokens } from "./answer.js";
import type { Admitted, Arrival, Refused } from "./arrival.js";
import { type Cost, costOf, countsOutputAsProduced, estimateTokens } from "./cost.js";
import { parseTime } from "./duration.js";
import { type Fault, isStatusFault, type Strike, strike } from "./faults.js";
import { timingOf } from "./latency.js";
import type { ModelChange, ModelOptions } from "./options.js";
import { Ramp } from "./ramp.js";
import { Recent } from "./recent.js";
import { type ScopedLimiters, Scopes, shortageIn, waitIn } from "./scopes.js";
import { type ModelSettings, settingsOf } from "./settings.js";

/** The emulated provider's mind: pure state that moves only with the times it is given. */
export interface EmulatorModel {
  readonly settings: ModelSettings;
  /** Decides on one request. Times are milliseconds; fractions are cut off. */
  arrive(arrival: Arrival, nowMs: number): Admitted | Refused;
  /** The text of an answer of an admitted request. `variant` tells the answers of one request apart. */
  answer(promptHash: string, maxTokens: number | undefined, variant?: number): Answer;
  /** The limiters of a (key, model), for headers. */
  limiters(key: string, model: string): ScopedLimiters;
  /** Puts other options in place of the former ones and counts their brown-outs and changes from `nowMs`; what is used stays used. */
  apply(options: ModelOptions, nowMs: number): void;
  /** Brings the options up to what they are at `nowMs`. */
  advance(nowMs: number): void;
  /** Requests under way. */
  inFlight(): number;
}

/** So many requests, keys and models at least are remembered. */
const REMEMBERED = 100_000;

/** A model at `startMs`, from which brown-outs and changes are counted. Throws `TypeError` naming the option that is wrong. */
export function createModel(options: ModelOptions = {}, startMs = 0): EmulatorModel {
  return new Model(options, Math.floor(startMs));
}

/** How often a request has come, and how often it got in. */
interface Attempts {
  arrivals: number;
  admitted: number;
}

class Model implements EmulatorModel {
  settings: ModelSettings;
  #options: ModelOptions;
  #startMs: number;
  #changes: readonly ModelChange[];
  #inFlight = 0;
  readonly #scopes: Scopes;
  readonly #attempts = new Recent(REMEMBERED, (): Attempts => ({ arrivals: 0, admitted: 0 }));
  readonly #ramps = new Recent(REMEMBERED, () => new Ramp());
  readonly #spent = new Recent(REMEMBERED, () => ({ tokens: 0 }));

  constructor(options: ModelOptions, startMs: number) {
    this.#options = options;
    this.#startMs = startMs;
    this.settings = settingsOf(options);
    this.#scopes = new Scopes(this.settings);
    this.#changes = changesOf(options);
  }

  arrive(arrival: Arrival, atMs: number): Admitted | Refused {
    const nowMs = Math.floor(atMs);
    this.advance(nowMs);
    const attempts = this.#attempts.of(arrival.hash);
    const attempt = ++attempts.arrivals;
    const cost = costOf(this.settings.cost, { contextTokens: this.settings.contextTokens, ...arrival.size });
    const faults = this.#faults(nowMs);
    if (this.#drawn(faults.filter(isRefusal), arrival, attempt, 1) !== undefined) {
      return { verdict: "unreachable", cost, attempt };
    }
    const refused = this.#refuse(arrival, cost, nowMs);
    if (refused !== undefined) return { ...refused, cost, attempt };
    attempts.admitted++;
    const drawn = this.#drawn(faults.filter(isNoRefusal), arrival, attempts.admitted, 0);
    return this.#admit(arrival, cost, attempts, drawn, nowMs);
  }

  answer(promptHash: string, maxTokens: number | undefined, variant = 0): Answer {
    const { answerLength, seed } = this.settings;
    return answerTo(promptHash, answerTokens(answerLength, promptHash, seed), maxTokens, seed + variant);
  }

  limiters(key: string, model: string): ScopedLimiters {
    return this.#scopes.of(key, model);
  }

  apply(options: ModelOptions, atMs: number): void {
    const nowMs = Math.floor(atMs);
    this.#change(options, nowMs);
    this.#startMs = nowMs;
    this.#changes = changesOf(options);
  }

  advance(atMs: number): void {
    for (;;) {
      const [next, ...later] = this.#changes;
      if (next === undefined) return;
      const { at, ...options } = next;
      const dueMs = this.#startMs + parseTime(at, "at");
      if (dueMs > atMs) return;
      this.#changes = later;
      this.#change({ ...this.#options, ...options }, dueMs);
    }
  }

  inFlight(): number {
    return this.#inFlight;
  }

  #change(options: ModelOptions, nowMs: number): void {
    this.settings = settingsOf(options);
    this.#options = options;
    this.#scopes.change(this.settings, nowMs);
  }

  #refuse(arrival: Arrival, cost: Cost, nowMs: number): Omit<Refused, "attempt" | "cost"> | undefined {
    const { moneyTokens, ramp } = this.settings;
    if (moneyTokens < Number.POSITIVE_INFINITY && this.#spent.of(arrival.key).tokens >= moneyTokens) {
      return { verdict: "quota" };
    }
    const scopes = this.limiters(arrival.key, arrival.model);
    const shortage = shortageIn(scopes, cost, nowMs);
    if (shortage?.waitMs === Number.POSITIVE_INFINITY) return { verdict: "too-large", shortage };
    if (shortage === undefined) {
      if (ramp === undefined || !this.#ramps.of(arrival.model).tooSteep(ramp, cost.tokens, nowMs)) return undefined;
    }
    scopes.project.reject(nowMs);
    scopes.organization.reject(nowMs);
    if (shortage === undefined) return { verdict: "slow-down" };
    const waitMs = waitIn(scopes, cost, nowMs);
    if (waitMs === undefined) return { verdict: "rate-limited", shortage };
    return { verdict: "rate-limited", shortage, waitMs, hintMs: Math.ceil(waitMs) };
  }

  #admit(arrival: Arrival, cost: Cost, attempts: Attempts, drawn: Strike | undefined, nowMs: number): Admitted {
    const { settings } = this;
    const { project, organization } = this.limiters(arrival.key, arrival.model);
    project.take(cost, nowMs);
    organization.take(cost, nowMs);
    this.#inFlight++;
    const { hash, promptHash = hash, size } = arrival;
    const inputTokens = estimateTokens(size.characters);
    const natural = arrival.outputTokens ?? answerTokens(settings.answerLength, promptHash, settings.seed);
    const outputTokens = Math.min(natural, size.maxTokens ?? Number.POSITIVE_INFINITY) * (size.answers ?? 1);
    let open = true;
    let produced = 0;
    return {
      verdict: "admitted",
      attempt: attempts.arrivals,
      cost,
      inputTokens,
      outputTokens,
      timing: timingOf(settings.latency, hash, attempts.admitted, settings.seed, this.#inFlight),
      strike: drawn,
      produce: (tokens, atMs) => {
        produced += tokens;
        if (!countsOutputAsProduced(settings.cost)) return;
        project.produce(tokens, Math.floor(atMs));
        organization.produce(tokens, Math.floor(atMs));
      },
      end: (atMs) => {
        if (!open) return;
        open = false;
        this.#inFlight--;
        // Nobody pays for an error in place of the answer.
        const billed = drawn !== undefined && isStatusFault(drawn.kind) ? 0 : inputTokens + produced;
        if (settings.moneyTokens < Number.POSITIVE_INFINITY) this.#spent.of(arrival.key).tokens += billed;
        const refund = settings.refund === "none" ? 0 : cost.tokens - inputTokens - produced;
        project.release(refund, Math.floor(atMs));
        organization.release(refund, Math.floor(atMs));
      },
    };
  }

  /** What may go wrong now; brown-outs before what goes wrong at all times. */
  #faults(nowMs: number): readonly Fault[] {
    const { brownOuts, faults } = this.settings;
    if (brownOuts.length === 0) return faults;
    const sinceMs = nowMs - this.#startMs;
    const active = brownOuts.filter(({ fromMs, toMs }) => sinceMs >= fromMs && sinceMs < toMs);
    return [...active.map(({ fault }) => fault), ...faults];
  }

  #drawn(faults: readonly Fault[], { hash, stream }: Arrival, attempt: number, salt: number): Strike | undefined {
    return faults.length === 0 ? undefined : strike(faults, { hash, attempt, stream }, this.settings.seed + salt);
  }
}

function isRefusal({ kind }: Fault): boolean {
  return kind === "refuse";
}

function isNoRefusal({ kind }: Fault): boolean {
  return kind !== "refuse";
}

function changesOf(options: ModelOptions): readonly ModelChange[] {
  return [...(options.changes ?? [])].sort((a, b) => parseTime(a.at, "at") - parseTime(b.at, "at"));
}
