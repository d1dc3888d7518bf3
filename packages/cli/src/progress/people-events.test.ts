import { type BatchEvent, NO_PROGRESS } from "@bide/batch";
import { virtualClock } from "bide/testing";
import { expect, test } from "vitest";
import { fakeIo } from "../../test/fake-io.js";
import { PeopleEvents } from "./people-events.js";

const paused = (pauseMs: number): BatchEvent => ({
  ...{ type: "bucket-paused", keyId: "k", model: "m", call: 1, endpoint: 0, pauseMs },
  decision: { class: "rate", scope: "model", waitMs: pauseMs, reason: "too many requests", evidence: {} } as never,
});

test("a long pause is told once, however many requests were refused by it", async () => {
  const [io, clock] = [fakeIo(), virtualClock()];
  const events = new PeopleEvents(io, clock, "USD", "prompts.jsonl");

  for (const pauseMs of [90_000, 90_000, 89_000, 500]) events.hear(paused(pauseMs));
  await clock.advance("2m");
  events.hear(paused(3_600_000));

  expect(io.said()).toBe(
    "the endpoint asks to wait 1 min 30 s: too many requests\nthe endpoint asks to wait 1 h 00 min: too many requests\n",
  );
});

test("a run that goes on says what is done, and what of that has failed", () => {
  const io = fakeIo();
  const events = new PeopleEvents(io, virtualClock(), "USD", "prompts.jsonl");
  const progress = { ...NO_PROGRESS, total: 1319, before: 1200, failedBefore: 17 };

  events.hear({ type: "run-started", progress, changes: undefined, lanes: () => [] });
  events.stop();

  expect(io.said()).toMatch(/^prompts\.jsonl: 1,319 requests, 1,200 of them done before \(17 failed\)\n/);
});

test("an endpoint that comes and goes is told of once a minute", async () => {
  const [io, clock] = [fakeIo(), virtualClock()];
  const events = new PeopleEvents(io, clock, "USD", "prompts.jsonl");
  const lost = (endpoint: number): void =>
    events.hear({ type: "endpoint-lost", endpoint, host: `127.0.0.1:${endpoint}` });

  for (const endpoint of [0, 1, 0]) lost(endpoint);
  await clock.advance(59_999);
  lost(0);
  await clock.advance(1);
  lost(0);

  expect(io.said()).toBe(
    [0, 1, 0].map((each) => `no connection to 127.0.0.1:${each}: it is tried again now and then\n`).join(""),
  );
});
