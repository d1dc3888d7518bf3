import { describe, expect, test } from "vitest";
import { indexOfRun, Timeline } from "./timeline.js";

const run = (startedMs: number, endedMs?: number) => ({ startedMs, endedMs, pid: 1, settings: {} });
const HOUR = 3_600_000;

describe("Timeline", () => {
  test("puts one run behind the other, without the night between them", () => {
    const timeline = new Timeline([run(1000, 6000), run(HOUR, HOUR + 2000)], [], HOUR + 9000, false);

    expect(timeline.spans.map(({ atMs }) => atMs)).toEqual([0, 5000]);
    expect(timeline.runningMs).toBe(7000);
    expect([1000, 3500, 6000, 10_000, HOUR, HOUR + 500].map((ms) => timeline.at(ms))).toEqual([
      0, 2500, 5000, 5000, 5000, 5500,
    ]);
  });

  test("a run that was killed ends with its last attempt", () => {
    expect(new Timeline([run(1000), run(HOUR, HOUR + 1)], [4000], HOUR, false).runningMs).toBe(3001);
  });

  test("the run that is under way lasts until now", () => {
    expect(new Timeline([run(1000)], [4000], 9000, true).runningMs).toBe(8000);
  });

  test("without a run there is no time", () => {
    const timeline = new Timeline([], [], 5, false);

    expect([timeline.runningMs, timeline.at(5)]).toEqual([0, 0]);
  });
});

test("an instant belongs to the last run that had begun", () => {
  const runs = [run(10), run(20), run(30)];

  expect([0, 10, 19, 20, 99].map((ms) => indexOfRun(runs, ms))).toEqual([0, 0, 0, 1, 2]);
});
