import { describe, expect, test } from "vitest";
import { hashText } from "./hash.js";
import { type Latency, parseLatency, REALISTIC_LATENCY, timingOf } from "./latency.js";

const hashes = Array.from({ length: 4001 }, (_, index) => hashText(`request ${index}`));

describe("latency", () => {
  test("the time to the first token is log-normal around its median", () => {
    const logs = hashes.map((hash) => Math.log(timingOf(REALISTIC_LATENCY, hash, 1, 1, 0).firstTokenMs));
    const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    const spread = Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logs.length);
    expect(Math.exp(mean)).toBeGreaterThan(480);
    expect(Math.exp(mean)).toBeLessThan(520);
    expect(spread).toBeCloseTo(0.4, 1);
  });

  test("the time per token has its mean and its spread", () => {
    const times = hashes.map((hash) => timingOf(REALISTIC_LATENCY, hash, 1, 1, 0).perTokenMs);
    expect(times.reduce((sum, value) => sum + value, 0) / times.length).toBeCloseTo(19, 0);
    expect(Math.min(...times)).toBeGreaterThan(0);
  });

  test("the same request and attempt take the same time", () => {
    const times = (attempt: number): object => timingOf(REALISTIC_LATENCY, "abcdef0123456789", attempt, 1, 0);
    expect(times(1)).toEqual(times(1));
    expect(times(1)).not.toEqual(times(2));
  });

  test("load slows everything down, linearly", () => {
    const latency: Latency = {
      firstTokenMs: 100,
      sigma: 0,
      perTokenMs: 10,
      perTokenSpreadMs: 0,
      slowdown: { inFlight: 50, factor: 3 },
    };
    const at = (inFlight: number): number => timingOf(latency, "00", 1, 1, inFlight).firstTokenMs;
    expect([at(0), at(25), at(50), at(100)]).toEqual([100, 200, 300, 500]);
  });

  test("is read from text", () => {
    expect(parseLatency("500ms")).toEqual({ firstTokenMs: 500, sigma: 0, perTokenMs: 0, perTokenSpreadMs: 0 });
    expect(parseLatency("0.5s/20ms")).toEqual({ firstTokenMs: 500, perTokenMs: 20 });
    expect(() => parseLatency("1s/2s/3s")).toThrow(TypeError);
  });
});
