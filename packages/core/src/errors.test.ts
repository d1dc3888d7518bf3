import { describe, expect, test, vi } from "vitest";
import {
  AttemptTimeoutError,
  BideError,
  DeadlineError,
  OptionError,
  optionError,
  ResultRejectedError,
} from "./errors.js";

describe("an error of bide", () => {
  test.each<[error: BideError, expected: object]>([
    [new BideError("x"), { name: "Error", code: "BIDE", isFinal: false, message: "x" }],
    [new OptionError("limit", "x"), { name: "OptionError", code: "BIDE_OPTION", isFinal: true, option: "limit" }],
    [
      new DeadlineError(1500.4, 2, { cause: "last" }),
      {
        name: "DeadlineError",
        code: "BIDE_DEADLINE",
        isFinal: false,
        cause: "last",
        message: "deadline: attempt 2 was cut after 1500 ms in all",
      },
    ],
    [new DeadlineError(0, 0), { code: "BIDE_DEADLINE", message: "deadline: it has passed" }],
    [
      new AttemptTimeoutError(250, 3),
      {
        name: "AttemptTimeoutError",
        code: "BIDE_ATTEMPT_TIMEOUT",
        isFinal: false,
        message: "attempt 3 timed out: no answer within 250 ms",
      },
    ],
    [
      new ResultRejectedError("secret", 3),
      {
        name: "ResultRejectedError",
        code: "BIDE_RESULT_REJECTED",
        isFinal: true,
        message: "the result of attempt 3 was still not accepted",
      },
    ],
  ])("has a name, a code and one sentence: %s", (error, expected) => {
    expect(error).toMatchObject(expected);
  });

  test("is known to another copy of the package, by its kind, and so are the caller's own kinds", async () => {
    vi.resetModules();
    const other = await import("./errors.js");
    expect(other.OptionError).not.toBe(OptionError);
    const error = new other.OptionError("a", "b");
    expect([error instanceof BideError, error instanceof OptionError, error instanceof DeadlineError]).toEqual([
      true,
      true,
      false,
    ]);
    class OwnError extends BideError {}
    expect([new OwnError() instanceof OwnError, new OwnError() instanceof BideError]).toEqual([true, true]);
    expect([error instanceof OwnError, new Error("x") instanceof OwnError]).toEqual([false, false]);
  });

  test("shows no more of its brand than other errors", () => {
    expect(JSON.parse(JSON.stringify(new OptionError("a", "b")))).toEqual({ code: "BIDE_OPTION", option: "a" });
  });
});

test.each<[value: unknown, shown: string]>([
  [undefined, "`undefined`"],
  [null, "`null`"],
  ["5 s", '`"5 s"` (string)'],
  [5, "`5` (number)"],
  [5n, "`5` (bigint)"],
  [true, "`true` (boolean)"],
  [Symbol.for("x"), "`Symbol(x)` (symbol)"],
  [[1, 2], "an array of 2"],
  [{ secret: 1 }, "an object (`Object`)"],
  [new Date(0), "an object (`Date`)"],
  [Math.max, "a function (`max`)"],
  [
    (
      () => () =>
        1
    )(),
    "a function (`anonymous`)",
  ],
])("an option that is %o is shown as %s", (value, shown) => {
  expect(optionError("limit", "a number", value).message).toBe(`expected \`limit\` to be a number, got ${shown}`);
});
