import { type LaneState, type LlmEvent, type LlmFetch, type LlmOptions, llmFetch } from "@bide/llm";
import { type Clock, systemClock } from "bide";
import { type Endpoint, headersOf, toldLimits } from "./endpoint.js";
import type { LayerTold } from "./events.js";
import { BATCH_DEFAULTS, type BatchOptions } from "./options.js";
import type { Sender } from "./send.js";
import type { Stop } from "./stop.js";

/** One endpoint with its key, as a run uses it. */
export interface Channel {
  /** Its place among the endpoints, from 0. */
  readonly index: number;
  readonly sender: Sender;
  /** Items that were given to it and are not done. */
  inProgress: number;
  /** What it can take compared to the others. */
  readonly weight: number;
  /** Why nothing more is sent through it. */
  stop: Stop | undefined;
  /** Models whose limit is used up for long: others still go. */
  readonly parked: Map<string | undefined, Stop>;
  /** From when on one more request looks whether it is back, on the clock, while no connection to it comes about. */
  lookedAfterMs: number | undefined;
  /** Whether it has answered anything in this run. */
  hasAnswered: boolean;
}

/** What makes channels. */
export interface ChannelOptions {
  readonly endpoints: readonly Endpoint[];
  /** Makes the single requests; a layer of `@bide/llm` is used as it is. */
  readonly fetch: typeof fetch | LlmFetch | undefined;
  readonly layer: Pick<LlmOptions, "maxAttempts" | "deadline" | "attemptTimeout" | "validate" | "clock">;
  readonly onTold: (event: LayerTold & { readonly endpoint: number }) => void;
}

/**
 * The longest that a server's hint is obeyed: a day, so that a quota per day is waited for over night. One that asks for
 * more ends the run, and the next one goes on.
 */
const LONGEST_WAIT = "24h";

/** What is out of reach is left alone for so long before one request looks whether it is back: that one goes elsewhere at once. */
const LOOKS_AFTER_MS = 10_000;

const ABOUT_ONE_CALL: ReadonlySet<string> = new Set([
  ...[
    "request-sent",
    "request-failed",
    "request-abandoned",
    "retry-planned",
    "call-answered",
    "call-failed",
    "answer-settled",
  ],
]);

/** The ways to the endpoints, and which of them has room. */
export class Channels {
  readonly all: readonly Channel[];
  readonly #layers: LlmFetch[] = [];
  readonly #releases: (() => void)[] = [];
  readonly #clock: Clock;

  constructor({ endpoints, fetch, layer, onTold }: ChannelOptions) {
    this.#clock = layer.clock ?? systemClock;
    this.all = endpoints.map((endpoint, index) => {
      const through = layerOf(endpoint, fetch, layer);
      this.#listen(through, index, onTold);
      const sender = { layer: through, baseUrl: endpoint.baseUrl, headers: headersOf(endpoint) };
      const fresh = { inProgress: 0, stop: undefined, parked: new Map(), lookedAfterMs: undefined, hasAnswered: false };
      return { index, sender, weight: weightOf(endpoint), ...fresh };
    });
  }

  /** A layer that several endpoints share is heard once. */
  #listen(layer: LlmFetch, index: number, onTold: ChannelOptions["onTold"]): void {
    if (this.#layers.includes(layer)) return;
    this.#layers.push(layer);
    this.#releases.push(layer.bide.on((event) => hear(event, index, onTold)));
  }

  /**
   * The one with the most room for a model; one that is out of reach only where there is no other, or to look whether it is
   * back. `undefined` when all are stopped.
   *
   * @param except Those that have had the item already.
   */
  freest(model: string | undefined, except: readonly Channel[]): Channel | undefined {
    let best: Channel | undefined;
    let lost: Channel | undefined;
    for (const channel of this.all) {
      if (!serves(channel, model) || except.includes(channel)) continue;
      if (channel.lookedAfterMs === undefined) best = freer(channel, best);
      else if (this.#looksAfter(channel)) return channel;
      else lost = freer(channel, lost);
    }
    return best ?? lost;
  }

  /** Whether an item of a model has an endpoint left that is in reach. */
  hasOther(model: string | undefined, except: readonly Channel[]): boolean {
    return this.all.some(
      (channel) => channel.lookedAfterMs === undefined && serves(channel, model) && !except.includes(channel),
    );
  }

  /** Whether any endpoint still takes requests for a model, in reach or not. */
  serves(model: string | undefined): boolean {
    return this.all.some((channel) => serves(channel, model));
  }

  /** No connection to it came about. @returns Whether that is news. */
  lose(channel: Channel): boolean {
    const isNews = channel.lookedAfterMs === undefined;
    channel.lookedAfterMs ??= this.#clock.nowMs() + LOOKS_AFTER_MS;
    return isNews;
  }

  /** It has answered. @returns Whether that is news. */
  regain(channel: Channel): boolean {
    const isNews = channel.lookedAfterMs !== undefined;
    channel.lookedAfterMs = undefined;
    channel.hasAnswered = true;
    return isNews;
  }

  /** Whether every endpoint that may be used is out of reach. */
  get areLost(): boolean {
    return this.all.every(({ stop, lookedAfterMs }) => stop !== undefined || lookedAfterMs !== undefined);
  }

  /** Whether an endpoint that may be used has answered in this run: one that never did may have a wrong address. */
  get mayComeBack(): boolean {
    return this.all.some(({ stop, hasAnswered }) => stop === undefined && hasAnswered);
  }

  /** Whether it is time for one request to look. */
  #looksAfter(channel: Channel): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs < (channel.lookedAfterMs ?? nowMs)) return false;
    channel.lookedAfterMs = nowMs + LOOKS_AFTER_MS;
    return true;
  }

  /** Sends nothing more through a channel; where only a limit is used up, nothing more for this model. */
  stop(channel: Channel, model: string | undefined, stop: Stop): void {
    if (stop.reason === "long-wait") channel.parked.set(model, stop);
    else channel.stop ??= stop;
  }

  /** Why nothing can be sent any more, whatever the model. */
  stopOfAll(): Stop | undefined {
    return this.all.every(({ stop }) => stop) ? this.all[0]?.stop : undefined;
  }

  /** Why the items of a model were left. */
  get parked(): Stop | undefined {
    for (const { parked } of this.all) for (const stop of parked.values()) return stop;
    return undefined;
  }

  /** Where requests go, for people. */
  hosts(): string {
    return [...new Set(this.all.map(hostOf))].join(", ");
  }

  /** What the quotas know by now. */
  lanes(): readonly LaneState[] {
    return [...new Set(this.#layers.map(({ bide }) => bide.quota))].flatMap((quota) => quota.state());
  }

  /** Whatever stopped is tried again: somebody may have paid, or put a key right. */
  resume(): void {
    for (const channel of this.all) {
      channel.stop = undefined;
      channel.parked.clear();
    }
    for (const { bide } of this.#layers) bide.resume();
  }

  close(): void {
    for (const release of this.#releases) release();
  }
}

/** Where a channel sends to, with the port. */
export function hostOf({ sender }: Channel): string {
  return new URL(sender.baseUrl).host;
}

/** What the options of a batch tell every layer. */
export function layerOptions(options: Pick<BatchOptions, keyof ChannelOptions["layer"]>): ChannelOptions["layer"] {
  const { maxAttempts = BATCH_DEFAULTS.maxAttempts, deadline, attemptTimeout, validate, clock } = options;
  return { maxAttempts, deadline, attemptTimeout, validate, clock };
}

/** The layer of one endpoint. @throws OptionError for an option that is out of range. */
export function layerOf(
  { quota, dialect }: Endpoint,
  fetch: ChannelOptions["fetch"],
  layer: ChannelOptions["layer"],
): LlmFetch {
  if (isLayer(fetch)) return fetch;
  return llmFetch({ ...layer, maxTime: LONGEST_WAIT, buffered: true, fetch, quota, dialect, name: "batch" });
}

function isLayer(fetch: ChannelOptions["fetch"]): fetch is LlmFetch {
  return fetch !== undefined && "bide" in fetch;
}

function hear(event: LlmEvent, endpoint: number, onTold: ChannelOptions["onTold"]): void {
  if (!isAboutOneCall(event)) onTold({ ...event, endpoint });
}

function isAboutOneCall(event: LlmEvent): event is Exclude<LlmEvent, LayerTold> {
  return ABOUT_ONE_CALL.has(event.type);
}

function serves({ stop, parked }: Channel, model: string | undefined): boolean {
  return stop === undefined && !parked.has(model);
}

function freer(channel: Channel, other: Channel | undefined): Channel {
  return other === undefined || loadOf(channel) < loadOf(other) ? channel : other;
}

function weightOf(endpoint: Endpoint): number {
  return toldLimits(endpoint).rpm ?? 1;
}

/** Full when one more would have to wait longest: what is given to it already, in terms of what it can take. */
function loadOf({ inProgress, weight }: Channel): number {
  return (inProgress + 1) / weight;
}
