import type {
  Clock,
  Eventually,
  LimiterStore,
  Rate,
  ReserveAnswer,
  ReserveRequest,
  ServerLevels,
  Settlement,
  StoreState,
} from "bide";
import type { Connection } from "../connection.js";
import type { OnUnavailable } from "../options.js";
import { type AdvanceOptions, Advances } from "./advances.js";
import { priced, toldLevels } from "./amounts.js";
import { stateAt } from "./known.js";
import type { Link } from "./link.js";
import { LocalShare } from "./local-share.js";
import { parseReserved, type Step, wireRate } from "./wire.js";

/** What a limiter's store in Redis is made of. */
export interface LimiterStoreParts {
  readonly link: Link;
  readonly connection: Connection;
  readonly clock: () => Clock;
  readonly onUnavailable: OnUnavailable;
  /** Among how many to share when Redis is gone; as many as were heard lately when left out. */
  readonly workers: number | undefined;
  readonly advance: AdvanceOptions;
}

/** A limiter's store in Redis. */
export interface RedisLimiterStore extends LimiterStore {
  /** Gives back what was taken in advance, and waits until Redis knows of everything. */
  close(): Promise<void>;
}

/** Ids of reservations that Redis has no record of: spent from what was taken in advance, or made while it was gone. */
const IN_ADVANCE = "in advance";
const ALONE = "alone";

/**
 * An admission that took longer than this on its way is asked for once more, and what comes then is taken: the process may
 * have stood still, and others have gone since. Where every answer takes so long it is the network, and nothing is won.
 */
const STALE_MS = 500;

/** Decides by Redis as long as it answers, and by its own means while it does not. */
export class LimiterInRedis implements RedisLimiterStore {
  readonly #parts: LimiterStoreParts;
  readonly #advances: Advances;
  /** What decides while Redis is gone. */
  #share: LocalShare | undefined;
  /** What Redis has to hear of when it is back. Bounded by what was under way when it went, and by what the caller changes. */
  #owed: Step[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #hasJoined = false;

  constructor(parts: LimiterStoreParts) {
    this.#parts = parts;
    this.#advances = new Advances(parts.advance, parts.clock, (step) => void this.#tell(step));
  }

  reserve(request: ReserveRequest, nowMs: number): Eventually<ReserveAnswer> {
    if (this.#advances.spend(request, nowMs)) return { kind: "admitted", id: IN_ADVANCE };
    const { connection, onUnavailable } = this.#parts;
    if (!connection.isAway) return this.#ask(request, nowMs);
    if (!connection.mayCall()) return this.#alone(request, nowMs);
    const backs = this.#comeBack();
    if (onUnavailable === "local-share") return this.#alone(request, nowMs);
    return backs.then((isBack) => (isBack ? this.#ask(request, this.#nowMs()) : this.#alone(request, this.#nowMs())));
  }

  settle({ id, cost, actual }: Settlement, nowMs: number): Eventually<void> {
    if (id === ALONE && this.#share) return this.#share.settle({ id, cost, actual }, nowMs);
    if (id === ALONE || id === IN_ADVANCE) return this.#advances.settle(cost, actual);
    const step: Step = { op: "settle", id: String(id), cost: priced(cost), actual };
    return this.#tell(step, () => this.#share?.settle({ id, cost, actual }, nowMs));
  }

  sync(levels: ServerLevels, nowMs: number): Eventually<void> {
    const told = toldLevels(levels, nowMs);
    if (Object.keys(told).length === 0) return undefined;
    if (this.#parts.connection.isAway) return this.#share?.sync(levels, nowMs);
    // A reading is old news when Redis is back: the next one tells more.
    return this.#parts.link.send({ op: "sync", levels: told }).then(nothing, () => this.#share?.sync(levels, nowMs));
  }

  pause(durationMs: number, nowMs: number): Eventually<void> {
    this.#advances.giveBack();
    return this.#tell({ op: "pause", ms: durationMs }, () => this.#share?.pause(durationMs, nowMs));
  }

  update(rates: readonly Rate[], nowMs: number): Eventually<void> {
    // Who has nothing to tell yet joins when it has.
    if (rates.length === 0) return undefined;
    const wired = rates.map(wireRate);
    const joins = !this.#hasJoined;
    this.#hasJoined = true;
    this.#parts.link.tell(wired);
    return this.#tell({ op: "update", rates: wired, joins }, () => this.#share?.update(wired, nowMs));
  }

  state(nowMs: number): StoreState {
    if (this.#share) return this.#share.state(nowMs);
    const state = stateAt(this.#parts.link.known, nowMs);
    const currencies = Object.entries(state.currencies).map(([currency, known]) => {
      return [currency, { ...known, level: known.level + this.#advances.left(currency, nowMs) }] as const;
    });
    return { ...state, currencies: Object.fromEntries(currencies) };
  }

  async close(): Promise<void> {
    this.#advances.giveBack();
    await Promise.all(this.#underWay);
  }

  async #ask(request: ReserveRequest, sentMs: number, isFirst = true): Promise<ReserveAnswer> {
    const { link } = this.#parts;
    const cost = priced(request.cost);
    try {
      const { reply, generation } = await link.send(this.#advances.asking(request, cost));
      const reserved = parseReserved(reply, generation);
      this.#advances.hold(request, reserved, sentMs);
      const { answer } = reserved;
      if (answer.kind === "admitted" && isFirst && this.#nowMs() - sentMs > STALE_MS) {
        return await this.#askAgain(request, answer.id);
      }
      if (link.known.pausedUntilMs > this.#nowMs()) this.#advances.giveBack();
      return reserved.answer;
    } catch {
      return this.#alone(request, this.#nowMs());
    }
  }

  /** What was admitted long ago goes back: others have gone since, and the provider would refuse one of them. */
  async #askAgain(request: ReserveRequest, id: string | number): Promise<ReserveAnswer> {
    void this.#tell({ op: "settle", id: String(id), cost: priced(request.cost), actual: {} });
    return this.#ask(request, this.#nowMs(), false);
  }

  /** What is decided without Redis. */
  async #alone(request: ReserveRequest, nowMs: number): Promise<ReserveAnswer> {
    const { connection, onUnavailable } = this.#parts;
    if (onUnavailable === "stop") return { kind: "wait", waitMs: Math.max(1, connection.retryInMs()), binds: "store" };
    const answer = await this.#shared(nowMs).reserve(request, nowMs);
    return answer.kind === "admitted" ? { kind: "admitted", id: ALONE } : answer;
  }

  #shared(nowMs: number): LocalShare {
    const { link, workers } = this.#parts;
    const { known } = link;
    this.#share ??= new LocalShare(known, workers ?? Math.max(1, known.workers), nowMs);
    return this.#share;
  }

  /** Does a step with Redis, or later, when it is back; and `alone` at once when it is gone. */
  #tell(step: Step, alone: () => void = nothing): Eventually<void> {
    const { connection, link } = this.#parts;
    const later = (): void => {
      this.#owed.push(step);
      alone();
    };
    if (connection.isAway) return later();
    const told = link.send(step).then(nothing, later);
    this.#underWay.add(told);
    return told.finally(() => this.#underWay.delete(told));
  }

  /** Tries Redis again, with all that it has to hear of: what was owed to it, and what was taken here. True when it is back. */
  async #comeBack(): Promise<boolean> {
    const { link } = this.#parts;
    const share = this.#share;
    const owed = this.#owed;
    const amounts = share?.owed(this.#nowMs()) ?? {};
    this.#owed = [];
    try {
      await Promise.all([...owed, { op: "adjust", amounts } as const].map((step) => link.send(step)));
      this.#share = undefined;
      return true;
    } catch {
      this.#owed = [...owed, ...this.#owed];
      return false;
    }
  }

  #nowMs(): number {
    return this.#parts.clock().nowMs();
  }
}

function nothing(): void {}
