import { describe, expect, test } from "vitest";
import { OptionError } from "./errors.js";
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkKeys,
  checkMethods,
  checkNumber,
  checkObject,
  nearest,
} from "./options.js";

test("the nearest name is the one with the fewest letters to change, if they are few", () => {
  expect(nearest("deadlin", ["deadline", "headline"])).toBe("deadline");
  expect(nearest("HEADLINE", ["deadline", "headline"])).toBe("headline");
  expect(nearest("bananas", ["deadline", "headline"])).toBeUndefined();
  expect(nearest("", ["on"])).toBe("on");
});

test("a unit at the end of a name says nothing; the same letters within a name are its own", () => {
  const gate = (key: string) => (): void => checkKeys({ [key]: 1 }, ["hamster", "limit"], "gate");
  expect(gate("limitMs")).toThrow("did you mean `limit`?");
  expect(gate("hamsten")).toThrow("did you mean `hamster`?");
});

describe("what other libraries call an option", () => {
  const known = ["on", "onRetry", "onAttempt", "raiseOnGiveup", "schedule", "maxTime", "decay"];
  const hint = (key: string): string => {
    try {
      checkKeys({ [key]: 1 }, known, "gate");
    } catch (error) {
      return (error as Error).message.replace(/^.*; /, "");
    }
    return "";
  };

  test.each([
    ["onTry", "onAttempt"],
    ["beforeCall", "onAttempt"],
    ["throwOnFailure", "raiseOnGiveup"],
    ["beforeSleep", "onRetry"],
    ["retryIf", "on"],
    ["lifetime", "maxTime"],
    ["maxPause", "schedule"],
    ["startPause", "schedule"],
    ["decayRate", "decay"],
  ])("%s is ours: %s", (key, ours) => {
    expect(hint(key)).toBe(`did you mean \`${ours}\`?`);
  });

  test.each(["actionFail", "functionTry", "climax", "kickstart", "administer", "nondecaying"])(
    "%s only contains such a name, and means nothing",
    (key) => {
      expect(hint(key)).toMatch(/^known: on, onRetry/);
    },
  );

  test("what nobody calls so is compared letter by letter, one wrong letter or several", () => {
    expect(hint("rayseOnGivup")).toBe("did you mean `raiseOnGiveup`?");
    expect(hint("skedule")).toBe("did you mean `schedule`?");
  });
});

test("a name is near as long as few letters differ, a third of them or two", () => {
  expect(nearest("ab", ["xy"])).toBe("xy");
  expect(nearest("abc", ["xyz"])).toBeUndefined();
  expect(nearest("abcdef999", ["abcdefghi"])).toBe("abcdefghi");
  expect(nearest("abcde9999", ["abcdefghi"])).toBeUndefined();
  expect(nearest("abcdef99", ["abcdefgh"], 1)).toBeUndefined();
  expect(nearest("abcdefg", ["abcdefgh"], 1)).toBe("abcdefgh");
  expect(nearest("on", ["name", "on"], 0)).toBe("on");
});

describe("the checks of options", () => {
  const fits = (check: () => void): boolean => {
    try {
      check();
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(OptionError);
      expect(error).toMatchObject({ option: "limit" });
      return false;
    }
  };
  const values = [Number.NEGATIVE_INFINITY, -1, 0, 0.5, 1, 1.5, 2, Number.POSITIVE_INFINITY, Number.NaN, "1", null];

  test.each<[bounds: string, expected: readonly unknown[]]>([
    ["> 0", [0.5, 1, 1.5, 2, Number.POSITIVE_INFINITY]],
    [">= 0", [0, 0.5, 1, 1.5, 2, Number.POSITIVE_INFINITY]],
    ["> 0 and < 1", [0.5]],
    ["> 0 and <= 1", [0.5, 1]],
    [">= 1 and <= 2", [1, 1.5, 2]],
  ])("a number %s", (bounds, expected) => {
    expect(values.filter((value) => fits(() => checkNumber(value, "limit", bounds)))).toEqual(expected);
    expect(() => checkNumber("x", "limit", bounds)).toThrow(`expected \`limit\` to be a number ${bounds}`);
  });

  test("an integer, or no limit where that is allowed", () => {
    const integers = (infinity?: boolean) =>
      values.filter((value) => fits(() => checkInteger(value, "limit", 1, infinity)));
    expect([integers(), integers(false)]).toEqual([
      [1, 2, Number.POSITIVE_INFINITY],
      [1, 2],
    ]);
  });

  test("a function, a truth, an object with methods: or left out", () => {
    const odd = [undefined, null, 0, true, {}, [], () => 1, { go: () => 1 }, { go: 1 }];
    const passing = (check: (value: unknown) => void) => odd.map((value) => fits(() => check(value)));
    expect(passing((value) => checkFunction(value, "limit")).flatMap((is, at) => (is ? at : []))).toEqual([0, 6]);
    expect(passing((value) => checkBoolean(value, "limit")).flatMap((is, at) => (is ? at : []))).toEqual([0, 3]);
    const goes = (value: unknown): void => checkMethods(value, "limit", ["go"], "a goer");
    expect(passing(goes).flatMap((is, at) => (is ? at : []))).toEqual([0, 7]);
    expect(() => goes({})).toThrow("expected `limit` to be a goer (with go), got an object");
    expect(() => checkMethods({ go: () => 1 }, "limit", ["go", "stop"], "a goer")).toThrow("a goer (with go and stop)");
  });

  test("options are an object that is no list", () => {
    const odd = [undefined, null, "x", [], {}];
    expect(odd.map((value) => fits(() => checkObject(value, "limit")))).toEqual([false, false, false, false, true]);
  });

  test("a name that is not known is named, with what was meant or with all there are", () => {
    const known = ["limit", "burst"];
    expect(() => checkKeys({ limit: 1, burst: 2 }, known, "gate")).not.toThrow();
    expect(() => checkKeys({ limits: 1 }, known, "gate")).toThrow("gate has no option `limits`; did you mean `limit`?");
    expect(() => checkKeys({ bananas: 1 }, known, "gate")).toThrow("gate has no option `bananas`; known: limit, burst");
    expect(() => checkKeys(5 as never, known, "gate")).toThrow("expected `gate` to be an object of options");
    expect(() => checkKeys({ limits: 1 }, known, "gate")).toThrow(expect.objectContaining({ option: "limits" }));
  });
});
