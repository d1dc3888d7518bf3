import { type EmulatorFetch, emulatorFetch } from "@bide/emulator";
import { type VirtualClock, virtualClock } from "bide/testing";
import { seeded } from "../../core/test/seeded.js";
import { type LlmFetch, type LlmOptions, llmFetch, Quota, type QuotaOptions } from "../src/index.js";

type EmulatorOptions = NonNullable<Parameters<typeof emulatorFetch>[0]>;
type LogEntry = ReturnType<EmulatorFetch["log"]>[number];

/** What is drained. */
export interface Draining {
  readonly emulator: EmulatorOptions;
  readonly quota?: QuotaOptions;
  readonly requests: number;
  /** How far arrivals are apart from what was sent. @default 10 */
  readonly jitterMs?: number;
  readonly seed?: number;
  /** The refusals say nothing but no. */
  readonly isMute?: boolean;
  readonly host?: string;
  readonly options?: LlmOptions;
}

/** How it went, by the server's log. */
export interface Drained {
  readonly answered: number;
  readonly refused: number;
  /** From the first arrival to the last answer. */
  readonly makespanMs: number;
  readonly log: readonly LogEntry[];
  readonly quota: Quota;
}

/** A way to an emulated provider on virtual time, over a network whose delays vary. */
export class Way {
  readonly clock: VirtualClock = virtualClock();
  readonly server: EmulatorFetch;
  readonly quota: Quota;
  readonly fetch: LlmFetch;
  readonly #random: () => number;
  readonly #jitterMs: number;
  readonly #isMute: boolean;
  readonly #host: string;

  constructor({
    emulator,
    quota = {},
    jitterMs = 10,
    seed = 1,
    isMute = false,
    host,
    options,
  }: Omit<Draining, "requests">) {
    this.#random = seeded(seed);
    this.#jitterMs = jitterMs;
    this.#isMute = isMute;
    this.#host = host ?? "api.example.com";
    this.server = emulatorFetch({ ...emulator, seed, clock: this.clock });
    this.quota = new Quota(quota);
    const { clock } = this;
    this.fetch = llmFetch({
      clock,
      fetch: this.wire,
      quota: this.quota,
      maxTime: "6h",
      random: this.#random,
      ...options,
    });
  }

  /** Another layer over the same quota. */
  layer(options: LlmOptions): LlmFetch {
    return llmFetch({ clock: this.clock, fetch: this.wire, quota: this.quota, maxTime: "6h", ...options });
  }

  readonly wire: typeof fetch = async (input, init) => {
    await this.clock.sleep(2 + this.#random() * this.#jitterMs, init?.signal ?? undefined);
    const response = await this.server(input, init);
    const { status, headers } = response;
    const body = this.#isMute && status === 429 ? NO : await response.arrayBuffer();
    await this.clock.sleep(2 + this.#random() * this.#jitterMs);
    return new Response(body, { status, headers });
  };

  /** The arguments of one chat call; each number makes another prompt, of about so many characters. */
  chat(number: number, characters = 400, maxTokens: number | "unbound" = 50, key = "one"): [string, RequestInit] {
    const content = `${number} ${"word ".repeat(characters / 5)}`.slice(0, characters);
    const bound = maxTokens === "unbound" ? {} : { max_tokens: maxTokens };
    const body = { model: "m", ...bound, messages: [{ role: "user", content }] };
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const path = this.#host.includes("anthropic") ? "/v1/messages" : "/v1/chat/completions";
    return [`https://${this.#host}${path}`, { method: "POST", headers, body: JSON.stringify(body) }];
  }
}

const NO = JSON.stringify({
  error: { message: "Rate limit reached.", type: "requests", code: "rate_limit_exceeded", param: null },
});

/** Sends all requests at once, and waits for all answers. */
export async function drained(draining: Draining): Promise<Drained> {
  const way = new Way(draining);
  const calls = Array.from({ length: draining.requests }, (_, number) => way.fetch(...way.chat(number)));
  const responses = await way.clock.run(Promise.all(calls));
  return { ...drainedBy(way.server.log()), answered: responses.filter(({ ok }) => ok).length, quota: way.quota };
}

/** What a server's log says of a drain. */
export function drainedBy(log: readonly LogEntry[]): Omit<Drained, "answered" | "quota"> {
  const lastMs = Math.max(...log.map(({ completedAtMs = 0 }) => completedAtMs));
  return {
    refused: log.filter(({ status }) => status === 429).length,
    makespanMs: lastMs - (log[0]?.atMs ?? 0),
    log,
  };
}
