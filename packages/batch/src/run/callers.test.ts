import type { LlmEvent } from "@bide/llm";
import { systemClock } from "bide";
import { expect, test } from "vitest";
import { ItemRun, recordedIn } from "./attempt-log.js";
import { Callers } from "./callers.js";

type CallEvent = Extract<LlmEvent, { readonly call: number }>;

const item = (): ItemRun => new ItemRun(systemClock, { began: () => undefined, ended: () => undefined });
const sent = (call: number, request: number) =>
  ({ type: "request-sent", call, request, keyId: "k", model: "m", queuedMs: 0 }) as CallEvent;
const failed = (call: number) => ({ type: "call-failed", call, keyId: "k", model: "m" }) as CallEvent;

/** Whose event it is held for when it is told while the code of `running` runs. */
const heardIn = (callers: Callers, running: ItemRun, event: CallEvent): Promise<ItemRun | undefined> =>
  recordedIn(running, async () => callers.itemOf(event));

test("a call is its item's to the end, whoever's timer wakes it", async () => {
  const [callers, mine, other] = [new Callers(), item(), item()];

  expect(await heardIn(callers, mine, sent(1, 1))).toBe(mine);
  expect(await heardIn(callers, other, sent(1, 2))).toBe(mine);
  expect(await heardIn(callers, other, failed(1))).toBe(mine);
});

test("a call that fails before any request is the running item's", async () => {
  const [callers, mine] = [new Callers(), item()];

  expect(await heardIn(callers, mine, failed(1))).toBe(mine);
});

test("somebody else's call, whose later request an item's timer wakes, is nobody's", async () => {
  const [callers, mine] = [new Callers(), item()];

  expect(callers.itemOf(sent(1, 1))).toBeUndefined();
  expect(await heardIn(callers, mine, sent(1, 2))).toBeUndefined();
});
