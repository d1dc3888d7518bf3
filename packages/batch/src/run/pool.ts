import type { PriceList } from "@bide/llm";
import type { Clock } from "bide";
import { isSuccess } from "../formats/batch-response.js";
import { modelOf } from "../formats/request-facts.js";
import type { Journal } from "../journal/journal.js";
import { ItemRun } from "./attempt-log.js";
import { attemptRecords } from "./attempt-records.js";
import type { Channel, Channels } from "./channel.js";
import type { BatchEvent } from "./events.js";
import type { OpenRequest } from "./item-feed.js";
import { type CostBound, costOfAnswer } from "./money.js";
import type { Figures } from "./progress.js";
import { Reachability } from "./reachability.js";
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
  readonly controller: AbortController;
}

/** Given to items that are let go unfinished: they stay open, and the next run takes them. */
const LET_GO = Symbol("let go");

/** Works on many items at once and writes down what becomes of each. */
export class Pool {
  readonly #options: PoolOptions;
  /** What each worker has in hand, at its place. */
  readonly #inFlight: (InFlight | undefined)[] = [];
  readonly #reachability: Reachability<() => Promise<void>>;
  readonly #workers: Promise<void>[] = [];
  readonly #teller: Teller;
  #items: Supply | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#reachability = new Reachability();
    this.#teller = new Teller(options.figures, options.tell);
  }

  /** Takes items until there are none, `concurrency` at a time. Rejects with the first error that is not an item's own. */
  async drain(items: Supply, concurrency: number): Promise<void> {
    this.#items = items;
    this.grow(concurrency);
    // More may come while these are waited for.
    for (const worker of this.#workers) await worker;
    if (this.#failure) throw this.#failure.error;
    const { stop, failed } = this.#reachability.ended();
    if (stop) this.#options.onStop(stop);
    await Promise.all(failed.map((record) => record()));
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

  async #takeAll(items: Supply, place: number): Promise<void> {
    // One after the other may have it, as long as nobody was let go: each costs as much as writing a result down.
    let controller = new AbortController();
    try {
      for (;;) {
        const open = items.take() ?? (await items.taken());
        if (open === undefined) return;
        if (controller.signal.aborted) controller = new AbortController();
        await this.#work(open, controller, place);
      }
    } catch (error) {
      this.#failure ??= { error };
      this.letGo("all");
      await items.end();
    }
  }

  /** Lets go of items that only wait, so that the others can end soon; or of all, at once. */
  letGo(which: "waiting" | "all"): void {
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
      run: new ItemRun(this.#options.clock, this.#teller, open.item.customId),
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

  /** Sends an item through whichever endpoint has room; through another one where an endpoint has stopped. */
  async #answer(entry: InFlight): Promise<number | undefined> {
    const { channels, journal } = this.#options;
    const { item, request } = entry.open;
    const model = modelOf(request);
    for (let channel = channels.freest(model); channel; channel = channels.freest(model)) {
      const sent = await this.#sendThrough(channel, entry);
      if (sent === undefined) break;
      const stop = entry.run.ending && stopOfCall(entry.run.ending);
      if (stop === undefined) return this.#done(entry, sent, channel);
      channels.stop(channel, model, stop);
      this.#endIfStopped();
    }
    this.#endIfStopped();
    await journal.record({ item, attempts: attemptRecords(request, entry.run.attempts) });
    return undefined;
  }

  #endIfStopped(): void {
    const stop = this.#options.channels.stopOfAll();
    if (stop) this.#options.onStop(stop);
  }

  async #sendThrough(channel: Channel, { open, run, controller }: InFlight): Promise<Sent | undefined> {
    channel.inProgress++;
    run.ending = undefined;
    run.endpoint = channel.index;
    try {
      return await send(channel.sender, open.request, controller.signal, run);
    } catch (error) {
      if (error === LET_GO) return undefined;
      throw error;
    } finally {
      channel.inProgress--;
    }
  }

  async #done(entry: InFlight, sent: Sent, channel: Channel): Promise<number | undefined> {
    const { item, request } = entry.open;
    const cost = isSuccess(sent.outcome) ? costOfAnswer(this.#options.prices, modelOf(request), sent) : undefined;
    const attempts = attemptRecords(request, entry.run.attempts, sent, cost);
    const record = (): Promise<void> => this.#record({ item, attempts, outcome: sent.outcome }, sent, cost);
    if (sent.outcome.kind === "failure" && entry.run.isUnanswered) {
      const { host } = new URL(channel.sender.baseUrl);
      const { isUnreached } = entry.run;
      const stop = this.#reachability.unanswered({ item: record, host, code: sent.outcome.code, isUnreached });
      if (stop) this.#options.onStop(stop);
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
