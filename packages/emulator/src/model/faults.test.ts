import { describe, expect, test } from "vitest";
import { CONNECTION_FAULTS, parseFault, STATUS_FAULTS, STREAM_FAULTS, strike } from "./faults.js";
import { hashText } from "./hash.js";

const hashes = Array.from({ length: 20_000 }, (_, index) => hashText(`request ${index}`));

describe("strikes", () => {
  test("hit their share of requests", () => {
    const faults = [parseFault("reset:2%"), parseFault("500:3%")];
    const kinds = hashes.map((hash) => strike(faults, { hash, attempt: 1, stream: false }, 1)?.kind);
    expect(kinds.filter((kind) => kind === "reset").length / hashes.length).toBeCloseTo(0.02, 2);
    expect(kinds.filter((kind) => kind === "500").length / hashes.length).toBeCloseTo(0.03, 2);
  });

  test("depend on seed, request and attempt alone", () => {
    const faults = [parseFault("reset:50%")];
    const drawn = (attempt: number, seed: number): string =>
      hashes
        .slice(0, 64)
        .map((hash) => (strike(faults, { hash, attempt, stream: false }, seed) ? "x" : "."))
        .join("");
    expect(drawn(1, 1)).toBe(drawn(1, 1));
    expect(new Set([drawn(1, 1), drawn(2, 1), drawn(1, 2), drawn(3, 1)]).size).toBe(4);
  });

  test("of streams spare requests for one piece of JSON", () => {
    const faults = STREAM_FAULTS.map((kind) => ({ kind }));
    expect(strike(faults, { hash: "00", attempt: 1, stream: false }, 1)).toBeUndefined();
    expect(strike(faults, { hash: "00", attempt: 1, stream: true }, 1)?.kind).toBe("stall-comments");
  });

  test("can be bounded to the first attempts of each request", () => {
    const faults = [parseFault("503:100%:2")];
    const kinds = [1, 2, 3].map((attempt) => strike(faults, { hash: "00", attempt, stream: false }, 1)?.kind);
    expect(kinds).toEqual(["503", "503", undefined]);
  });

  test("break a stream at the chunk they name, else at one the seed chooses", () => {
    const at = (text: string): number | undefined =>
      strike([parseFault(text)], { hash: "ab", attempt: 1, stream: true }, 7)?.chunkOf(40);
    expect(at("truncate@3")).toBe(3);
    expect(at("truncate")).toBe(at("truncate"));
    expect(at("truncate")).toBeLessThan(40);
  });
});

describe("specifications", () => {
  test.each([
    ["reset", { kind: "reset", share: 1 }],
    ["reset:2%", { kind: "reset", share: 0.02 }],
    ["500:0.1", { kind: "500", share: 0.1 }],
    ["error-frame@5:1.5%", { kind: "error-frame", chunk: 5, share: 0.015 }],
    ["503:100%:2", { kind: "503", share: 1, attempts: 2 }],
  ])("%s", (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  test.each(["", "boom:2%", "reset:", "reset:120%", "reset:-1%", "reset 2%", "reset:2%%", 7, undefined])(
    "refuses %j",
    (text) => {
      expect(() => parseFault(text)).toThrow(TypeError);
    },
  );

  test("every kind can be named", () => {
    for (const kind of [...STATUS_FAULTS, ...CONNECTION_FAULTS, ...STREAM_FAULTS])
      expect(parseFault(kind).kind).toBe(kind);
  });
});
