import type {
  Cost,
  Eventually,
  LimiterStore,
  Rate,
  ReserveAnswer,
  ReserveRequest,
  ServerLevels,
  Settlement,
  StoreState,
} from "bide";

/** What a lane decides about a request when its turn has come. */
export interface LaneRules {
  /** What it costs by now: what a provider charges may have become known while it waited. */
  price(cost: Cost): Cost;
  /** Somebody's turn has come: what was found until now counts from now on. */
  turn(nowMs: number): void;
  /** What time it is for the buckets: now, or the moment from which on nothing came in. */
  timeFor(nowMs: number): number;
  /** How many may be in flight. */
  mostInFlight(): number;
  /** In how long there will be one more place, as long as none is given back. */
  nextPlaceMs(nowMs: number): number;
}

/** A limiter's store that knows a lane's prices of the moment, and how many of its requests are in flight. */
export class LaneStore implements LimiterStore {
  readonly #inner: LimiterStore;
  readonly #rules: LaneRules;
  readonly #held = new Map<number, { readonly id: string | number; readonly cost: Cost }>();
  #ids = 0;
  /** Nobody is let in: several things change at once, and only together they are true. */
  isHeld = false;

  constructor(inner: LimiterStore, rules: LaneRules) {
    this.#inner = inner;
    this.#rules = rules;
  }

  /** Reservations that were not settled yet. */
  get inFlight(): number {
    return this.#held.size;
  }

  /** Whether one more may be in flight. @param keepFree The share that has to stay for more important requests. */
  hasRoom(keepFree: number): boolean {
    return this.#held.size < Math.max(1, Math.floor(this.#rules.mostInFlight() * (1 - keepFree)));
  }

  reserve({ cost, ...kept }: ReserveRequest, nowMs: number): Eventually<ReserveAnswer> {
    if (this.isHeld) return { kind: "wait", waitMs: Number.POSITIVE_INFINITY, binds: "concurrency" };
    // What changes in a turn asks whose turn it is: that is being answered.
    this.isHeld = true;
    this.#rules.turn(nowMs);
    this.isHeld = false;
    if (!this.hasRoom(kept.keepFree)) {
      return { kind: "wait", waitMs: this.#rules.nextPlaceMs(nowMs), binds: "concurrency" };
    }
    const priced = this.#rules.price(cost);
    const bucketsMs = this.#rules.timeFor(nowMs);
    const answer = this.#inner.reserve({ cost: priced, ...kept }, bucketsMs);
    const behindMs = nowMs - bucketsMs;
    if ("then" in answer) return answer.then((given) => this.#enter(given, priced, behindMs));
    return this.#enter(answer, priced, behindMs);
  }

  settle({ id, actual }: Settlement, nowMs: number): Eventually<void> {
    const held = this.#held.get(Number(id));
    if (held === undefined) return undefined;
    this.#held.delete(Number(id));
    return this.#inner.settle({ ...held, actual }, nowMs);
  }

  sync(levels: ServerLevels, nowMs: number): Eventually<void> {
    return this.#inner.sync(levels, nowMs);
  }

  pause(durationMs: number, nowMs: number): Eventually<void> {
    return this.#inner.pause(durationMs, nowMs);
  }

  update(rates: readonly Rate[], nowMs: number): Eventually<void> {
    return this.#inner.update(rates, nowMs);
  }

  /** So much is gone that nobody asked for; of a store that answers at once. */
  owe(cost: Cost, nowMs: number): void {
    const done = this.#inner.settle({ id: 0, cost: {}, actual: cost }, nowMs);
    if (done !== undefined) done.then(undefined, () => undefined);
  }

  state(nowMs: number): StoreState {
    return this.#inner.state(nowMs);
  }

  /** @param behindMs So much earlier it is for the buckets. */
  #enter(answer: ReserveAnswer, cost: Cost, behindMs: number): ReserveAnswer {
    if (answer.kind === "wait") return { ...answer, waitMs: answer.waitMs - behindMs };
    if (answer.kind !== "admitted") return answer;
    this.#held.set(++this.#ids, { id: answer.id, cost });
    return { kind: "admitted", id: this.#ids };
  }
}
