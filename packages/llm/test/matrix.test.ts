import { expo } from "bide";
import { beforeAll, describe, expect, test } from "vitest";
import { StreamInterruptedError } from "../src/index.js";
import { ANSWER, type CellResult, runCell } from "./matrix/cell.js";
import { CLIENTS, type Client } from "./matrix/clients.js";
import { FAULTS, type FaultCase } from "./matrix/faults.js";
import { scaledClock } from "./matrix/scaled-clock.js";

// Every client through every fault, over real sockets, twenty times as fast as it would be.
const SCALE = 20;
const HINT_MS = 30_000;
const TIMEOUT_MS = 100_000;
const TOKEN_MS = 20_000;
/** Cells side by side: enough that none waits for another's stall, few enough that two cores keep up. */
const AT_ONCE = 24;

const cells = CLIENTS.flatMap((client) => FAULTS.map((fault) => ({ client, fault })));
const results = new Map<string, CellResult>();

beforeAll(async () => {
  const settings = {
    clock: () => scaledClock(SCALE),
    hintMs: HINT_MS,
    timeoutMs: TIMEOUT_MS,
    tokenMs: TOKEN_MS,
    withBide: true,
    // Where nothing tells the wait, a few steps of it are as long as the limit needs.
    options: { schedule: expo({ factor: "10s", max: "1m" }) },
  };
  const left = [...cells];
  const work = async (): Promise<void> => {
    for (let cell = left.shift(); cell; cell = left.shift()) {
      const { client, fault } = cell;
      results.set(`${client.name} ${fault.name}`, await runCell(client, fault, settings, new AbortController().signal));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}, 240_000);

/** The status of a refusal, wherever the client keeps it. */
function statusOf(error: unknown): unknown {
  const { status, statusCode } = Object(error) as { readonly status?: unknown; readonly statusCode?: unknown };
  return status ?? statusCode;
}

/** The interruption, or what it is the cause of. */
function interruptionIn(error: unknown): unknown {
  if (error instanceof StreamInterruptedError || !(error instanceof Error)) return error;
  return interruptionIn(error.cause);
}

describe.each(CLIENTS)("$name", (client) => {
  test.each(FAULTS)("$name: $seen", (fault) => {
    const result = results.get(`${client.name} ${fault.name}`);
    const { text, error, requests = 0, askedMs = 0, waitedMs = 0 } = result ?? {};
    const [least, most] = fault.requests;

    if (fault.seen === "answer") expect({ text, error }).toEqual({ text: ANSWER, error: undefined });
    if (fault.seen === "refusal") expect(statusOf(error)).toBe(refusalStatusOf(client, fault));
    if (fault.seen === "interrupted") {
      expect(interruptionIn(error)).toBeInstanceOf(StreamInterruptedError);
      expect(interruptionIn(error)).toMatchObject({ partial: text });
      expect(text).toBe(ANSWER.slice(0, 12));
    }
    expect(requests).toBeGreaterThanOrEqual(least);
    expect(requests).toBeLessThanOrEqual(most);
    // Never shorter than asked, where the asking can be read.
    if (requests > 1 && fault.hint !== "garbage") expect(waitedMs).toBeGreaterThanOrEqual(askedMs);
  });
});

/** Only OpenAI says with a 429 that there is no money. */
function refusalStatusOf({ dialect }: Client, { isPoor }: FaultCase): number {
  return dialect !== "openai" && isPoor ? 402 : 429;
}
