import { describe, expect, it } from "vitest";
import { EventLog } from "./event-log.js";

const ENCODER = new TextEncoder();

function logged(texts: readonly string[]): string[] {
  const log = new EventLog();
  for (const text of texts) {
    const bytes = ENCODER.encode(`<${text}>`);
    log.add(bytes, 1, bytes.length - 1);
    // Whoever got the chunk may write into it.
    bytes.fill(0);
  }
  return log.map((bytes) => new TextDecoder().decode(bytes));
}

describe("a log of events", () => {
  it("gives back every event as it came, whatever it has in common with the one before", () => {
    const texts = ['{"a":"x"}', '{"a":"yy"}', '{"a":""}', '{"a":""}', "", "aaa", "aa", "aaaaa", "é", "è", "b"];
    expect(logged(texts)).toEqual(texts);
  });

  it("gives back events that are longer than its first room, and lengths of several digits", () => {
    const texts = Array.from(
      { length: 60 },
      (_, index) => `${"x".repeat(index * 397)}${index}${"y".repeat(index * 31)}`,
    );
    expect(logged(texts)).toEqual(texts);
  });

  it("keeps nothing more once its room is used up, and compares with the last all the same", () => {
    const log = new EventLog(5);
    for (const text of ["abc", "abd", "ab"]) log.add(ENCODER.encode(text), 0, text.length);
    expect(log.map((bytes) => new TextDecoder().decode(bytes))).toEqual(["abc"]);
    expect(log.shared(ENCODER.encode("abx"), 0, 3)).toEqual({ head: 2, tail: 0 });
  });
});
