import { describe, expect, test } from "vitest";
import { Calibration } from "./calibration.js";
import { roughTokens } from "./script-classes.js";

/** Counted with o200k. */
const COUNTED: readonly (readonly [string, number])[] = [
  [
    "Janet's ducks lay 16 eggs per day. She eats three for breakfast every morning and bakes muffins for her friends.",
    26,
  ],
  ["珍妮特的鸭子每天下 16 颗蛋。她每天早上早餐时吃 3 颗，每天用 4 颗为自己的朋友做松饼。", 37],
  ["자넷의 오리는 하루에 알을 열여섯 개씩 낳습니다.", 16],
  ["for (let i = 0; i < 10; i++) { sum += values[i] ?? 0; }", 25],
  ["0b9f1c52-6a54-4f0f-9c1e-5b8f3a2d7e11", 23],
];

describe("tokens of a text without a vocabulary", () => {
  test.each(COUNTED)("are about right: %s", (text, tokens) => {
    expect(roughTokens(text) / tokens).toBeGreaterThan(0.7);
    expect(roughTokens(text) / tokens).toBeLessThan(1.4);
  });

  test("of nothing are none", () => {
    expect(roughTokens("")).toBe(0);
  });
});

describe("the calibration by answers", () => {
  test("takes the first answer at its word, and the mean of late after many", () => {
    const calibration = new Calibration();
    calibration.heard(100, 150);
    const first = calibration.corrected(100);
    for (let i = 0; i < 200; i++) calibration.heard(100, 120);

    expect([first, Math.round(calibration.ratio * 100)]).toEqual([150, 120]);
  });

  test("is not led astray by an answer that cannot be", () => {
    const calibration = new Calibration();
    for (const [rough, actual] of [
      [0, 10],
      [10, 0],
      [10, Number.NaN],
    ] as const)
      calibration.heard(rough, actual);

    expect(calibration.ratio).toBe(1);
  });
});
