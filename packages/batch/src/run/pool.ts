import type { PriceList } from "@bide/llm";
import type { Clock } from "bide";
import { isSuccess } from "../formats/batch-response.js";
import { modelOf } from "../formats/request-facts.js";
import type { Journal } from "../journal/journal.js";
import type { Attempt } from "../journal/records.js";
import { type AttemptWatcher, ItemRun, isUnreached } from "./attempt-log.js";
import { attemptRecords } from "./attempt-records.js";
import { type Channel, type Channels, hostOf } from "./channel.js";
import type { BatchEvent } from "./events.js";
import type { OpenRequest } from "./item-feed.js";
import { type CostBound, costOfAnswer } from "./money.js";
import { Outage } from "./outage.js";
import type { Figures } from "./progress.js";
import { Reachability, type Unanswered } from "./reachability.js";
import { type Sent, send } from "./send.js";
import { type Stop, stopOfCall } from "./stop.js";
import type { Supply } from "./supply.js";
import { type FinishedRecord, Teller } from "./teller.js";

/** What a pool works with. */
export interface PoolOptions {
  readonly journal: Journal;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly figures: Figures;
  readonly prices: PriceList;
  readonly costBound: CostBound;
  /** HTTP requests per item. */
  readonly maxAttempts: number;
  /** How long an endpoint that has answered may be out of reach. */
  readonly maxOutageMs: number;
  /** Called when nothing more can be done in this run. */
  readonly onStop: (stop: Stop) => void;
  readonly tell: (event: BatchEvent) => void;
  /** Takes each output line that is on the disk; nothing more is begun in its place until it was taken. */
  readonly deliver: Deliver | undefined;
}

/** Takes an output line. */
export type Deliver = (line: string) => Promise<void>;

interface InFlight {
  readonly open: OpenRequest;
  readonly run: ItemRun;
  /** The endpoints that have had it; the last has it now. */
  readonly tried: Channel[];
  controller: AbortController;
}

/** Given to items that are let go unfinished: they stay open, and the next run takes them. */
const LET_GO = Symbol("let go");
/** Given to items that are to go through another endpoint, as theirs is out of reach. */
const ELSEWHERE = Symbol("elsewhere");

const NO_CONNECTION = "no connection";

/** Works on many items at once and writes down what becomes of each. */
export class Pool {
  readonly #options: PoolOptions;
  /** What each worker has in hand, at its place. */
  readonly #inFlight: (InFlight | undefined)[] = [];
  readonly #reachability: Reachability<() => Promise<void>>;
  readonly #workers: Promise<void>[] = [];
  readonly #teller: Teller;
  readonly #watcher: AttemptWatcher;
  #items: Supply | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #ending = new AbortController();
  readonly #outage = new Outage();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#reachability = new Reachability();
    this.#teller = new Teller(options.figures, options.tell);
    this.#watcher = {
      began: (number, customId) => this.#teller.began(number, customId),
      ended: (attempt, customId) => this.#ended(attempt, customId),
    };
  }

  /** Takes items until there are none, `concurrency` at a time. Rejects with the first error that is not an item's own. */
  async drain(items: Supply, concurrency: number): Promise<void> {
    this.#items = items;
    for (let size = concurrency; ; size = this.#workers.splice(0).length) {
      await this.#takeTogether(size);
      const stop = this.#outage.lost ?? (await this.#recordHeld());
      if (stop === undefined) return;
      this.#outage.begin(stop);
      if (!(await this.#isBack(items))) return this.#options.onStop(stop);
    }
  }

  /** Nothing is left to take. @returns Why some are still open. */
  async #recordHeld(): Promise<Stop | undefined> {
    const { stop, failed } = this.#reachability.ended();
    await Promise.all(failed.map((record) => record()));
    return stop;
  }

  async #takeTogether(concurrency: number): Promise<void> {
    this.grow(concurrency);
    // More may come while these are waited for.
    for (const worker of this.#workers) await worker;
    if (this.#failure) throw this.#failure.error;
  }

  /** Waits for an endpoint that has answered before: one item after another looks whether a connection comes about. */
  async #isBack(items: Supply): Promise<boolean> {
    const { clock, channels, maxOutageMs } = this.#options;
    if (!channels.mayComeBack) return false;
    const look = async (): Promise<void> => {
      for (const giveBack of this.#reachability.unreached()) await giveBack();
      await this.#takeAll(items, 0, true);
      if (this.#failure) throw this.#failure.error;
    };
    return this.#outage.satOut({ clock, maxMs: maxOutageMs, signal: this.#ending.signal, look });
  }

  /** How many items are worked on at once, as long as there are enough. */
  get size(): number {
    return this.#workers.length;
  }

  /** Works on so many at once from now on; never on fewer than before. */
  grow(concurrency: number): void {
    while (this.#items && this.#workers.length < concurrency)
      this.#workers.push(this.#takeAll(this.#items, this.#workers.length));
  }

  /** @param isLook One item is all, to look whether a connection comes about. */
  async #takeAll(items: Supply, place: number, isLook = false): Promise<void> {
    // One after the other may have it, as long as nobody was let go: each costs as much as writing a result down.
    let controller = new AbortController();
    try {
      for (;;) {
        const open = items.take() ?? (await items.taken());
        if (open === undefined) return;
        // It came while the endpoint was lost.
        if (this.#outage.lost && !isLook) return items.giveBack(open);
        if (controller.signal.aborted) controller = new AbortController();
        await this.#work(open, controller, place);
        if (isLook || this.#outage.lost) return;
      }
    } catch (error) {
      this.#failure ??= { error };
      this.letGo("all");
      await items.end();
    }
  }

  /** Lets go of items that only wait, so that the others can end soon; or of all, at once. */
  letGo(which: "waiting" | "all"): void {
    this.#ending.abort();
    this.#letGoOf(which);
  }

  get #isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  #letGoOf(which: "waiting" | "all"): void {
    for (const entry of this.#inFlight) {
      if (entry && (which === "all" || entry.run.isWaiting)) entry.controller.abort(LET_GO);
    }
  }

  async #work(open: OpenRequest, controller: AbortController, place: number): Promise<void> {
    const { figures, costBound, onStop } = this.#options;
    const reserved = await costBound.reserve(open.request);
    if (reserved === undefined) return onStop({ reason: "max-cost", message: "what the run may cost is spent" });
    const entry: InFlight = {
      open,
      run: new ItemRun(this.#options.clock, this.#watcher, open.item.customId),
      tried: [],
      controller,
    };
    this.#inFlight[place] = entry;
    figures.inFlight++;
    let cost: number | undefined;
    try {
      cost = await this.#answer(entry);
    } finally {
      costBound.settle(reserved, cost);
      figures.inFlight--;
      this.#inFlight[place] = undefined;
    }
  }

  /** Sends an item through whichever endpoint has room; through another one where an endpoint has stopped, or is out of reach. */
  async #answer(entry: InFlight): Promise<number | undefined> {
    const { channels } = this.#options;
    const { run, tried } = entry;
    const model = modelOf(entry.open.request);
    let code = NO_CONNECTION;
    for (let channel = channels.freest(model, tried); channel; channel = channels.freest(model, tried)) {
      const sent = await this.#sendThrough(channel, entry);
      if (sent === LET_GO) break;
      if (sent === ELSEWHERE) continue;
      const stop = run.ending && stopOfCall(run.ending);
      if (stop === undefined && sent.outcome.kind === "failure" && run.isUnreached && this.#hasAttempts(entry)) {
        ({ code } = sent.outcome);
        break;
      }
      if (stop === undefined) return this.#done(entry, sent);
      channels.stop(channel, model, stop);
      run.disregard();
      this.#endIfStopped();
    }
    this.#endIfStopped();
    return this.#leftOpen(entry, code);
  }

  /** A request that never left consumes none. */
  #hasAttempts({ open, run }: InFlight): boolean {
    return (open.sent ?? 0) + run.sent < this.#options.maxAttempts;
  }

  /** Nothing came of an item, and that says nothing of it: unless the run ends, it is taken up again when anything is answered. */
  async #leftOpen({ open, run }: InFlight, code: string): Promise<undefined> {
    const { channels, journal } = this.#options;
    const { item, request } = open;
    await journal.record({ item, attempts: attemptRecords(request, run.attempts) });
    if (this.#isEnding || !channels.serves(modelOf(request))) return;
    const again = { ...open, sent: (open.sent ?? 0) + run.sent };
    this.#hold({ item: async () => this.#items?.giveBack(again), code, isUnreached: true });
  }

  #hold(one: Omit<Unanswered<() => Promise<void>>, "host">): void {
    const { channels, onStop } = this.#options;
    const stop = this.#reachability.unanswered({ ...one, host: channels.hosts() });
    if (stop === undefined || this.#outage.lost) return;
    if (one.isUnreached && channels.mayComeBack) this.#sitOut(stop);
    else onStop(stop);
  }

  /** What only waits is given back: one look at a time is enough. */
  #sitOut(stop: Stop): void {
    this.#outage.begin(stop);
    this.#letGoOf("waiting");
  }

  #endIfStopped(): void {
    const stop = this.#options.channels.stopOfAll();
    if (stop) this.#options.onStop(stop);
  }

  async #sendThrough(channel: Channel, entry: InFlight): Promise<Sent | typeof LET_GO | typeof ELSEWHERE> {
    const { open, run, tried, controller } = entry;
    channel.inProgress++;
    run.ending = undefined;
    run.endpoint = channel.index;
    tried.push(channel);
    try {
      return await send(channel.sender, open.request, controller.signal, run);
    } catch (error) {
      if (error === LET_GO) return LET_GO;
      if (error !== ELSEWHERE) throw error;
      entry.controller = new AbortController();
      // Whoever let go of all in between found it on its way.
      return this.#isEnding ? LET_GO : ELSEWHERE;
    } finally {
      channel.inProgress--;
    }
  }

  #ended(attempt: Attempt, customId: string): void {
    this.#teller.ended(attempt, customId);
    const { channels, tell } = this.#options;
    const channel = channels.all[attempt.endpoint ?? 0];
    if (channel === undefined) return;
    if (isUnreached(attempt)) this.#leave(channel);
    if (attempt.status === undefined) return;
    this.#outage.reached();
    if (channels.regain(channel)) tell({ type: "endpoint-regained", endpoint: channel.index, host: hostOf(channel) });
  }

  /** Leaves an endpoint alone that is out of reach: what waits there goes on to others, where there are any. */
  #leave(channel: Channel): void {
    const { channels, tell } = this.#options;
    if (channels.lose(channel)) tell({ type: "endpoint-lost", endpoint: channel.index, host: hostOf(channel) });
    const isOut = this.#outage.unreached() && channels.areLost && channels.mayComeBack;
    if (isOut)
      this.#sitOut({ reason: "unreachable", message: `${channels.hosts()} cannot be reached (${NO_CONNECTION})` });
    for (const entry of this.#inFlight) {
      if (entry?.tried.at(-1) !== channel || !entry.run.isWaiting) continue;
      if (channels.hasOther(modelOf(entry.open.request), entry.tried)) entry.controller.abort(ELSEWHERE);
    }
  }

  async #done(entry: InFlight, sent: Sent): Promise<number | undefined> {
    const { item, request } = entry.open;
    const cost = isSuccess(sent.outcome) ? costOfAnswer(this.#options.prices, modelOf(request), sent) : undefined;
    const attempts = attemptRecords(request, entry.run.attempts, sent, cost);
    const record = (): Promise<void> => this.#record({ item, attempts, outcome: sent.outcome }, sent, cost);
    if (sent.outcome.kind === "failure" && entry.run.isUnanswered) {
      this.#hold({ item: record, code: sent.outcome.code, isUnreached: false });
      return undefined;
    }
    // The place in the pool is held until the result is on the disk: what a kill can repeat stays below `concurrency`.
    const held = this.#reachability.answered();
    await (held.length === 0 ? record() : Promise.all([...held.map((other) => other()), record()]));
    return cost;
  }

  async #record(record: FinishedRecord, sent: Sent, cost?: number): Promise<void> {
    const line = await this.#options.journal.record(record);
    this.#teller.done(record, sent, cost);
    if (line !== undefined) await this.#options.deliver?.(line);
  }
}
