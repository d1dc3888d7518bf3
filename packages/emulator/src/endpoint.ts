import { adminReply } from "./admin.js";
import { type EmulatorClock, hostClock } from "./clock.js";
import { decide } from "./deciding.js";
import { type Exchange, problemReply } from "./exchange.js";
import { apiKeyOf, masked } from "./key.js";
import { ArrivalLog, type LogEntry, type OpenLogEntry } from "./log.js";
import type { Dialect, ProblemKind } from "./model/dialects/dialect.js";
import { dialectNamed } from "./model/dialects/named.js";
import { createModel, type EmulatorModel } from "./model/model.js";
import { checkedOptions, ENDPOINT_DEFAULTS, type EndpointOptions, providerOptions } from "./options.js";
import type { Reply, WireRequest } from "./reply.js";
import { findRoute } from "./routes/table.js";
import { type EmulatorStats, Tally } from "./stats.js";

/** An emulated endpoint without its wire: requests in, replies with times out. */
export class Endpoint {
  readonly clock: EmulatorClock;
  readonly timeScale: number;
  /** Called after the schedule of brown-outs has changed. */
  onSchedule: (() => void) | undefined;
  #options: EndpointOptions;
  #dialect: Dialect;
  #model: EmulatorModel;
  readonly #log: ArrivalLog;
  readonly #tally = new Tally();

  constructor(given: EndpointOptions) {
    const options = checkedOptions(given, "options");
    this.clock = options.clock ?? hostClock;
    this.timeScale = options.timeScale ?? ENDPOINT_DEFAULTS.timeScale;
    this.#options = options;
    this.#dialect = dialectNamed(options.dialect ?? ENDPOINT_DEFAULTS.dialect);
    this.#model = this.#freshModel();
    this.#log = new ArrivalLog(options.logLimit ?? ENDPOINT_DEFAULTS.logLimit);
  }

  /** Milliseconds of the provider's life: the clock's, times the time scale. */
  nowMs(): number {
    return this.clock.nowMs() * this.timeScale;
  }

  get maxBodyBytes(): number {
    return this.#options.maxBodyBytes ?? ENDPOINT_DEFAULTS.maxBodyBytes;
  }

  log(): readonly LogEntry[] {
    return this.#log.entries();
  }

  stats(): EmulatorStats {
    return this.#tally.stats();
  }

  /** Starts again: full buckets, no memory of attempts, an empty log, time zero for brown-outs and changes. */
  reset(): void {
    this.#model = this.#freshModel();
    this.#log.clear();
    this.#tally.clear();
    this.onSchedule?.();
  }

  /** Puts other options in force from now on; what they do not name stays as it is. Throws `TypeError`, changing nothing. */
  scenario(scenario: EndpointOptions): void {
    const before = { ...ENDPOINT_DEFAULTS, ...this.#options };
    for (const field of ["timeScale", "logLimit", "clock"] as const) {
      if (scenario[field] === undefined || scenario[field] === before[field]) continue;
      throw new TypeError(`\`${field}\` cannot change while the emulator runs`);
    }
    const options = checkedOptions({ ...this.#options, ...scenario }, "scenario");
    const dialect = dialectNamed(options.dialect ?? ENDPOINT_DEFAULTS.dialect);
    this.#model.apply(providerOptions(dialect, options), this.nowMs());
    this.#options = options;
    this.#dialect = dialect;
    this.onSchedule?.();
  }

  /** A problem in the words of the dialect, for what never became a request. */
  wording(kind: ProblemKind, message: string): string {
    return this.#dialect.problem({ kind, message, model: "", requestId: "req_none" }).body;
  }

  /** The spans, from now on, in which nobody listens: brown-outs of the kind `refuse` that hit everybody. */
  outages(): readonly { readonly fromMs: number; readonly toMs: number }[] {
    const out = this.#model.settings.brownOuts.filter(
      ({ fault }) => fault.kind === "refuse" && (fault.share ?? 1) === 1,
    );
    return out.map(({ fromMs, toMs }) => ({ fromMs: fromMs / this.timeScale, toMs: toMs / this.timeScale }));
  }

  /** Decides on a request, at the clock's present time. */
  handle(request: WireRequest): Reply {
    if (request.target.startsWith("/__admin/")) return adminReply(this, request);
    const found = request.method === "POST" ? findRoute(request.target) : undefined;
    const exchange = this.#open(request, found?.route.dialect, found?.route.name);
    return this.#logged(exchange, decide(exchange, request, found, this.#options));
  }

  /** The reply to a request whose body came too large. */
  refuse(request: WireRequest, kind: ProblemKind, message: string): Reply {
    const found = findRoute(request.target);
    const exchange = this.#open(request, found?.route.dialect, found?.route.name);
    return this.#logged(exchange, problemReply(exchange, { kind, message }));
  }

  #logged(exchange: Exchange, reply: Reply): Reply {
    this.#log.add(exchange.entry);
    this.#tally.arrived(exchange.entry);
    return reply;
  }

  #open(request: WireRequest, dialect: string | undefined, route: string | undefined): Exchange {
    const number = this.#log.next();
    const key = apiKeyOf(request);
    const entry: OpenLogEntry = {
      number,
      atMs: this.nowMs(),
      key: masked(key),
      model: "",
      route: route ?? "",
      stream: false,
      requestHash: "",
      promptHash: "",
      attempt: 1,
      verdict: "invalid",
      status: 0,
    };
    return {
      model: this.#model,
      dialect: dialect === undefined ? this.#dialect : dialectNamed(dialect),
      key,
      requestId: `req_${number.toString(16).padStart(24, "0")}`,
      entry,
      nowMs: entry.atMs,
      wallNowMs: this.clock.wallNowMs?.() ?? SOME_DAY_MS + this.clock.nowMs(),
      timeScale: this.timeScale,
      finish: (whole) => this.#finish(entry, whole),
      laterMs: () => this.nowMs(),
    };
  }

  #finish(entry: OpenLogEntry, whole: boolean): void {
    if (whole) entry.completedAtMs = this.nowMs();
    else entry.endedAtMs = this.nowMs();
    this.#tally.ended(entry);
  }

  #freshModel(): EmulatorModel {
    return createModel(providerOptions(this.#dialect, this.#options), this.nowMs());
  }
}

/** The wall time at which a clock without one starts. */
const SOME_DAY_MS = 1_750_000_000_000;
