import { describe, expect, test } from "vitest";
import { answerTo, answerTokens, SHORT_ANSWERS, tokensOf } from "./answer.js";
import { hashText } from "./hash.js";

describe("answers", () => {
  test("depend on the prompt and the seed alone", () => {
    expect(answerTo("00ff00ff00ff00ff", 30, undefined, 1)).toEqual(answerTo("00ff00ff00ff00ff", 30, undefined, 1));
    expect(answerTo("00ff00ff00ff00ff", 30, undefined, 1)).not.toEqual(answerTo("00ff00ff00ff00ff", 30, undefined, 2));
  });

  test("a cut answer is the beginning of the whole one", () => {
    const whole = answerTo("00ff00ff00ff00ff", 30, undefined, 1);
    const cut = answerTo("00ff00ff00ff00ff", 30, 7, 1);
    expect(cut).toEqual({ tokens: whole.tokens.slice(0, 7), cut: true });
  });

  test("have their median length", () => {
    const lengths = Array.from({ length: 1001 }, (_, index) => answerTokens(SHORT_ANSWERS, hashText(`${index}`), 1));
    expect(lengths.sort((a, b) => a - b)[500]).toBeGreaterThan(35);
    expect(lengths[500]).toBeLessThan(45);
  });

  test.each(["", "abc", "abcdefgh", "añ東京😀😀😀😀 end", "😀".repeat(9)])(
    "a given text comes back whole: %j",
    (text) => {
      const tokens = tokensOf(text);
      expect(tokens.join("")).toBe(text);
      for (const token of tokens) expect(new TextDecoder().decode(new TextEncoder().encode(token))).toBe(token);
    },
  );
});
