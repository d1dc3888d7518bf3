import { describe, expect, test, vi } from "vitest";
import { log, retry } from "./index.js";
import { fail, ok, scripted, virtualClock } from "./testing.js";

/** The lines of a run whose attempts fail like this. */
async function lines(error: unknown, options: { messages?: boolean; name?: string } = {}): Promise<string[]> {
  const clock = virtualClock();
  const written: string[] = [];
  const onRetry = log({ write: (line) => written.push(line), messages: options.messages });
  const policy = retry({ on: () => true, schedule: [1500], jitter: null, clock, onRetry, name: options.name });
  await clock.run(policy.run(scripted(fail(error), ok())));
  return written;
}

describe("log", () => {
  test.each([
    [{ writ: () => 0 }, "log has no option `writ`; did you mean `write`?"],
    [{ write: 5 }, "expected `write` to be a function, got `5` (number)"],
    [{ messages: "yes" }, 'expected `messages` to be true or false, got `"yes"` (string)'],
  ])("refuses %j", (options, message) => {
    expect(() => log(options as never)).toThrow(message);
  });

  test("says who, which attempt, what kind of failure, and when it goes on", async () => {
    const error = Object.assign(new RangeError("the prompt was: secret"), { status: 429, code: "rate_limit" });
    expect(await lines(error, { name: "chat" })).toEqual([
      "chat: attempt 1 failed (RangeError 429 rate_limit), next in 1.5s",
    ]);
  });

  test("says the message only where it is asked to", async () => {
    expect(await lines(new Error("down"), { messages: true })).toEqual([
      "retry: attempt 1 failed (Error: down), next in 1.5s",
    ]);
  });

  test.each([
    ["a string", "secret", "string"],
    ["nothing", undefined, "undefined"],
    ["null", null, "object"],
    ["an object without a prototype", Object.create(null), "Error"],
    ["a code that is a sentence", Object.assign(new Error(), { code: "a secret sentence" }), "Error"],
  ])("shows no more than the kind of %s", async (_, error, kind) => {
    expect(await lines(error, { messages: true })).toEqual([expect.stringContaining(`(${kind}`)]);
    expect((await lines(error)).join()).not.toContain("secret");
  });

  test("tells of a result by saying that it was not accepted", async () => {
    const clock = virtualClock();
    const written: string[] = [];
    const options = { clock, schedule: [1], jitter: null, onRetry: log({ write: (line) => written.push(line) }) };
    await clock.run(
      retry({ ...options, while: (value: unknown) => value === "secret" }).run(scripted(ok("secret"), ok(""))),
    );
    expect(written).toEqual(["retry: attempt 1 failed (result not accepted), next in 0.0s"]);
  });

  test("writes to the error stream by default", async () => {
    const write = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const clock = virtualClock();
    await clock.run(retry({ clock, onRetry: log(), schedule: [0] }).run(scripted(fail(), ok())));
    expect(write.mock.calls).toEqual([["retry: attempt 1 failed (Error), next in 0.0s"]]);
  });
});
