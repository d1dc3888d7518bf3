import { describe, expect, test } from "vitest";
import { matcherOf } from "./error-class.js";

class Refusal {}
/** As a compiler for old engines writes it. */
function OldError(): void {}
OldError.prototype = Object.create(Error.prototype);

describe("which errors an option means", () => {
  test("those of a class: what inherits from Error, or is written as a class", () => {
    for (const type of [Error, RangeError, Refusal, OldError as never]) {
      const matches = matcherOf(type, "on");
      expect([matches(Object.create(type.prototype)), matches("no"), matches(undefined)]).toEqual([true, false, false]);
    }
  });

  test("those of one class of several", () => {
    const matches = matcherOf([RangeError, Refusal], "on");
    expect([new RangeError(), new Refusal(), new TypeError()].map(matches)).toEqual([true, true, false]);
  });

  test("those of a list as it was when it was given", () => {
    const types = [RangeError];
    const matches = matcherOf(types, "on");
    types.pop();
    expect(matches(new RangeError())).toBe(true);
  });

  test("those that a function says yes to, whatever its name", () => {
    const { classify } = { classify: (error: unknown) => error === "odd" };
    const methods = {
      classify(error: unknown) {
        return error === "odd";
      },
    };
    const ofClass = (error: unknown): boolean => ({ class: error }).class === "odd";
    for (const match of [classify, methods.classify, ofClass])
      expect(["odd", "even"].map(matcherOf(match, "on"))).toEqual([true, false]);
  });

  test.each([null, 5, {}, "Error", []])("%o means none", (match) => {
    expect(() => matcherOf(match as never, "on")).toThrow(
      "expected `on` to be an error class, a list of them, or a function of the error",
    );
  });

  test.each([null, 5, {}, "Error"])("%o in a list means none", (match) => {
    expect(() => matcherOf([Error, match] as never, "on")).toThrow("expected `on` to be error classes, got ");
  });
});
