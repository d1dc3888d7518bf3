import { startEmulator } from "@bide/emulator";
import type { Clock } from "bide";
import type { LlmOptions } from "../../src/index.js";
import type { Client } from "./clients.js";
import type { FaultCase } from "./faults.js";
import { inForm } from "./hint-forms.js";
import type { HeldClock } from "./scaled-clock.js";

/** The text that every answer of the matrix has. */
export const ANSWER = "It is blue, because air scatters blue light most.";

/** How a cell of the matrix is run. */
export interface CellSettings {
  /** Makes the cell's clock. It is started when the call that counts begins, or with the refusal of a limit. */
  readonly clock: () => HeldClock;
  /** What a limit's refusal asks to wait, on the clock. */
  readonly hintMs: number;
  /** How long nothing may come, on the clock. */
  readonly timeoutMs: number;
  /** From token to token of a stream that breaks, on the clock. */
  readonly tokenMs: number;
  /** Whether bide is under the client. */
  readonly withBide: boolean;
  readonly options?: LlmOptions;
}

/** What became of one call. */
export interface CellResult {
  /** What the caller got, whole or in part. */
  readonly text: string;
  readonly error: unknown;
  /** Requests that arrived for this call. */
  readonly requests: number;
  /** What the first refusal asked to wait, as the server has it; `undefined` where it asked nothing. */
  readonly askedMs: number | undefined;
  /** From the first request to the one after it, on the clock; `undefined` where there is none. */
  readonly waitedMs: number | undefined;
  readonly tookMs: number;
}

/** Asks one client through one fault, over real sockets; a cell that is cut by `signal` rejects with its reason. */
export async function runCell(
  client: Client,
  fault: FaultCase,
  settings: CellSettings,
  signal: AbortSignal,
): Promise<CellResult> {
  const { hintMs, timeoutMs, tokenMs, withBide } = settings;
  const clock = settings.clock();
  if (!fault.hint) clock.start();
  await using emulator = await startEmulator({
    clock,
    dialect: client.dialect,
    answer: () => ANSWER,
    faults: fault.faults ?? [],
    ...(fault.isPoor && { money: 0 }),
    // So that a stream has been read in part when it breaks.
    ...(fault.seen === "interrupted" && { latency: { firstTokenMs: 0, perTokenMs: tokenMs, perTokenSpreadMs: 0 } }),
    ...(fault.hint && { rpm: Math.round(60_000 / hintMs), burst: 1, countRejected: false }),
  });
  const fetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init);
  const asked = client.create({
    url: emulator.url,
    fetch: fault.hint ? inForm(fault.hint, fetch, () => clock.start()) : fetch,
    timeoutMs,
    bide: withBide ? bideOptions(settings, clock) : undefined,
  });
  // Uses up the limit, so that the call that counts is refused.
  if (fault.hint) await asked.whole();
  const before = emulator.log().length;
  const startedMs = clock.nowMs();
  const { text, error } = await orCut(outcomeOf(asked, fault.stream === true), signal);
  const tookMs = clock.nowMs() - startedMs;
  const log = emulator.log().slice(before);
  const [first, second] = log;
  const waitedMs = first && second && second.atMs - first.atMs;
  return { text, error, requests: log.length, askedMs: first?.hintMs, waitedMs, tookMs };
}

function bideOptions({ timeoutMs, options }: CellSettings, clock: Clock): LlmOptions {
  return {
    clock,
    random: () => 0.9,
    attemptTimeout: timeoutMs,
    timeouts: { betweenEvents: timeoutMs },
    ...options,
  };
}

async function outcomeOf(
  asked: ReturnType<Client["create"]>,
  isStream: boolean,
): Promise<{ readonly text: string; readonly error: unknown }> {
  let text = "";
  try {
    if (isStream) for await (const part of asked.stream()) text += part;
    else text = await asked.whole();
    return { text, error: undefined };
  } catch (error) {
    return { text, error };
  }
}

function orCut<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cut = (): void => reject(signal.reason);
    signal.addEventListener("abort", cut, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", cut));
  });
}
