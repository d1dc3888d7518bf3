import { type Answer, answerTo, answerTokens } from "./answer.js";
import { AttemptCounter } from "./attempts.js";
import { type Cost, costOf, estimateTokens, type RequestSize } from "./cost.js";
import { parseTime } from "./duration.js";
import { type Fault, type Strike, strike } from "./faults.js";
import { type Timing, timingOf } from "./latency.js";
import { Limiter, type Shortage } from "./limiter.js";
import { type ModelChange, type ModelOptions, type ModelSettings, settingsOf } from "./options.js";
import { Ramp } from "./ramp.js";

/** A request as the model sees it. */
export interface Arrival {
  readonly key: string;
  readonly model: string;
  /** Equal for equal requests; seeds times and faults. */
  readonly hash: string;
  /** Equal for equal prompts; seeds the answer. @default `hash` */
  readonly promptHash?: string;
  readonly size: RequestSize;
  readonly stream: boolean;
  /** Output tokens, where something else than the model writes the answer. */
  readonly outputTokens?: number;
}

/** Whose limit it was: the key's own, or the one that all keys share. */
export type Scope = "project" | "organization";

/** A request that was let in. */
export interface Admitted {
  readonly verdict: "admitted";
  /** How often this request has come so far, this time included. */
  readonly attempt: number;
  readonly cost: Cost;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly timing: Timing;
  readonly strike: Strike | undefined;
  /** Notes output as it is produced; debits it, where the provider counts it so. */
  produce(tokens: number, nowMs: number): void;
  /** Ends the request, whole or not; a second call does nothing. */
  end(nowMs: number): void;
}

/** A request that was turned away. */
export interface Refused {
  /** `unreachable`: a fault kept the request from reaching the provider at all, so that no quota was touched. */
  readonly verdict: "rate-limited" | "too-large" | "quota" | "slow-down" | "unreachable";
  readonly attempt: number;
  readonly cost: Cost;
  readonly shortage?: Shortage & { readonly scope: Scope };
  /** Whole milliseconds after which this very request is admitted if nobody else comes; absent where time alone does not tell. */
  readonly hintMs?: number;
  /** The same, not rounded. */
  readonly waitMs?: number;
}

/** The emulated provider's mind: pure state that moves only with the times it is given. */
export interface EmulatorModel {
  readonly settings: ModelSettings;
  /** Decides on one request. Times are milliseconds; fractions are cut off. */
  arrive(arrival: Arrival, nowMs: number): Admitted | Refused;
  /** The text of an answer of an admitted request. `variant` tells the answers of one request apart. */
  answer(promptHash: string, maxTokens: number | undefined, variant?: number): Answer;
  /** The limiters of a (key, model), for headers. */
  limiters(key: string, model: string): { readonly [scope in Scope]: Limiter };
  /** Puts other options in force and counts their brown-outs and changes from `nowMs`. */
  apply(options: ModelOptions, nowMs: number): void;
  /** Brings the options up to what they are at `nowMs`. */
  advance(nowMs: number): void;
  /** Requests under way. */
  inFlight(): number;
}

const REMEMBERED_REQUESTS = 100_000;
const MOST_LIMITERS = 10_000;

/** A model at `startMs`, from which brown-outs and changes are counted. */
export function createModel(options: ModelOptions = {}, startMs = 0): EmulatorModel {
  return new Model(options, Math.floor(startMs));
}

class Model implements EmulatorModel {
  settings: ModelSettings;
  #options: ModelOptions;
  #startMs: number;
  #changes: readonly ModelChange[];
  #ramps = new Map<string, Ramp>();
  #inFlight = 0;
  readonly #attempts = new AttemptCounter(REMEMBERED_REQUESTS);
  readonly #projects = new Map<string, Limiter>();
  readonly #organization = new Map<string, Limiter>();
  readonly #spent = new Map<string, number>();

  constructor(options: ModelOptions, startMs: number) {
    this.#options = options;
    this.#startMs = startMs;
    this.settings = settingsOf(options);
    this.#changes = changesOf(options);
  }

  arrive(arrival: Arrival, atMs: number): Admitted | Refused {
    const nowMs = Math.floor(atMs);
    this.advance(nowMs);
    const attempts = this.#attempts.of(arrival.hash);
    attempts.arrivals++;
    const cost = costOf(this.settings.cost, { contextTokens: this.settings.contextTokens, ...arrival.size });
    if (this.#unreachable(arrival, attempts.arrivals, nowMs)) {
      return { verdict: "unreachable", cost, attempt: attempts.arrivals };
    }
    const refused = this.#refuse(arrival, cost, nowMs);
    if (refused !== undefined) return { ...refused, cost, attempt: attempts.arrivals };
    attempts.admitted++;
    return this.#admit(arrival, cost, attempts, nowMs);
  }

  answer(promptHash: string, maxTokens: number | undefined, variant = 0): Answer {
    const { answerLength, seed } = this.settings;
    return answerTo(promptHash, answerTokens(answerLength, promptHash, seed), maxTokens, seed + variant);
  }

  limiters(key: string, model: string): { readonly [scope in Scope]: Limiter } {
    const { limits, limitsByModel, organization } = this.settings;
    return {
      project: this.#limiter(this.#projects, `${key}\n${model}`, limitsByModel[model] ?? limits),
      organization: this.#limiter(this.#organization, model, organization),
    };
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
      this.#change(options, dueMs);
    }
  }

  inFlight(): number {
    return this.#inFlight;
  }

  #change(options: ModelOptions, nowMs: number): void {
    this.#options = { ...this.#options, ...options };
    this.settings = settingsOf(this.#options);
    const { limits, limitsByModel, organization, rules } = this.settings;
    for (const limiter of this.#organization.values()) limiter.change(organization, rules, nowMs);
    for (const [name, limiter] of this.#projects) {
      limiter.change(limitsByModel[name.slice(name.indexOf("\n") + 1)] ?? limits, rules, nowMs);
    }
    if ("ramp" in options) this.#ramps.clear();
  }

  #refuse(
    arrival: Arrival,
    cost: Cost,
    nowMs: number,
  ): Pick<Refused, "verdict" | "shortage" | "hintMs" | "waitMs"> | undefined {
    if ((this.#spent.get(arrival.key) ?? 0) >= this.settings.moneyTokens) return { verdict: "quota" };
    const { project, organization } = this.limiters(arrival.key, arrival.model);
    const shortage = scoped(project.shortage(cost, nowMs), organization.shortage(cost, nowMs));
    if (shortage === undefined) return this.#steep(arrival, cost, nowMs) ? { verdict: "slow-down" } : undefined;
    if (shortage.waitMs === Number.POSITIVE_INFINITY) return { verdict: "too-large", shortage };
    project.reject(nowMs);
    organization.reject(nowMs);
    const waits = [project.waitMs(cost, nowMs), organization.waitMs(cost, nowMs)];
    if (waits.includes(undefined)) return { verdict: "rate-limited", shortage };
    const waitMs = Math.max(...waits.map((wait) => wait ?? 0));
    return { verdict: "rate-limited", shortage, waitMs, hintMs: Math.ceil(waitMs) };
  }

  #steep(arrival: Arrival, cost: Cost, nowMs: number): boolean {
    const rule = this.settings.ramp;
    if (rule === undefined) return false;
    const ramp = this.#ramps.get(arrival.model) ?? new Ramp(rule);
    this.#ramps.set(arrival.model, ramp);
    return ramp.tooSteep(cost.tokens, nowMs);
  }

  #admit(arrival: Arrival, cost: Cost, attempts: { arrivals: number; admitted: number }, nowMs: number): Admitted {
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
      strike: this.#strike(arrival, attempts.admitted, nowMs),
      produce: (tokens, atMs) => {
        produced += tokens;
        // Only where nothing was charged for the output at admission does it count as it is produced.
        if (settings.cost !== "anthropic" && settings.cost !== "gemini") return;
        project.produce(tokens, Math.floor(atMs));
        organization.produce(tokens, Math.floor(atMs));
      },
      end: (atMs) => {
        if (!open) return;
        open = false;
        this.#inFlight--;
        this.#spend(arrival.key, inputTokens + produced);
        const refund = settings.refund === "none" ? 0 : cost.tokens - inputTokens - produced;
        project.release(refund, Math.floor(atMs));
        organization.release(refund, Math.floor(atMs));
      },
    };
  }

  #strike(arrival: Arrival, attempt: number, nowMs: number): Strike | undefined {
    const faults = [...this.#brownOutFaults(nowMs), ...this.settings.faults];
    return faults.length === 0
      ? undefined
      : strike(faults.filter(isNoRefusal), { hash: arrival.hash, attempt, stream: arrival.stream }, this.settings.seed);
  }

  #unreachable(arrival: Arrival, attempt: number, nowMs: number): boolean {
    const faults = [...this.#brownOutFaults(nowMs), ...this.settings.faults].filter((fault) => !isNoRefusal(fault));
    return (
      faults.length > 0 &&
      strike(faults, { hash: arrival.hash, attempt, stream: arrival.stream }, this.settings.seed + 1) !== undefined
    );
  }

  #brownOutFaults(nowMs: number): readonly Fault[] {
    const { brownOuts } = this.settings;
    if (brownOuts.length === 0) return NO_FAULTS;
    const sinceMs = nowMs - this.#startMs;
    return brownOuts.filter(({ fromMs, toMs }) => sinceMs >= fromMs && sinceMs < toMs).map(({ fault }) => fault);
  }

  #spend(key: string, tokens: number): void {
    if (this.settings.moneyTokens === Number.POSITIVE_INFINITY) return;
    this.#spent.set(key, (this.#spent.get(key) ?? 0) + tokens);
  }

  #limiter(limiters: Map<string, Limiter>, name: string, limits: ModelSettings["limits"]): Limiter {
    const known = limiters.get(name);
    if (known !== undefined) return known;
    // Whoever invents names for ever makes the oldest ones forgotten, and nothing grow.
    const [oldest] = limiters.size >= MOST_LIMITERS ? limiters.keys() : [];
    if (oldest !== undefined) limiters.delete(oldest);
    const limiter = new Limiter(limits, this.settings.rules);
    limiters.set(name, limiter);
    return limiter;
  }
}

const NO_FAULTS: readonly Fault[] = [];

function isNoRefusal({ kind }: Fault): boolean {
  return kind !== "refuse";
}

function changesOf(options: ModelOptions): readonly ModelChange[] {
  return [...(options.changes ?? [])].sort((a, b) => parseTime(a.at, "at") - parseTime(b.at, "at"));
}

/** Of the two scopes' shortages the one that a provider would name: what never fits first, then the organisation's. */
function scoped(project: Shortage | undefined, organization: Shortage | undefined): Refused["shortage"] {
  const found: (Shortage & { readonly scope: Scope })[] = [];
  if (organization !== undefined) found.push({ ...organization, scope: "organization" });
  if (project !== undefined) found.push({ ...project, scope: "project" });
  return found.find(({ waitMs }) => waitMs === Number.POSITIVE_INFINITY) ?? found[0];
}
