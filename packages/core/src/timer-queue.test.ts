import fc from "fast-check";
import { expect, test } from "vitest";
import { type Timer, TimerQueue } from "./timer-queue.js";

const numRuns = Number(process.env["BIDE_PROPERTY_RUNS"] ?? 1000);
const nothing = (): void => undefined;

test("the earliest comes first, and of equals the one that was added first", () => {
  const queue = new TimerQueue();
  const added = [30, 10, 20, 10, 10].map((dueMs) => queue.add(dueMs, nothing));
  const order: number[] = [];
  for (let next = queue.first; next; next = queue.first) {
    order.push(added.indexOf(next));
    queue.remove(next);
  }
  expect([order, queue.size, queue.first]).toEqual([[1, 3, 4, 2, 0], 0, undefined]);
});

test("what is out already stays out, and takes nobody along", () => {
  const queue = new TimerQueue();
  const [a, b] = [queue.add(1, nothing), queue.add(2, nothing)];
  for (let time = 0; time < 2; time++) queue.remove(a);
  expect([a.index, queue.size, queue.first]).toEqual([-1, 1, b]);
});

test("for any adding and taking out, the first is that of a sorted list", () => {
  const step = fc.record({ dueMs: fc.nat(20), out: fc.option(fc.nat(50), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new TimerQueue();
      let model: Timer[] = [];
      for (const { dueMs, out } of steps) {
        model.push(queue.add(dueMs, nothing));
        model.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
        const gone = out === undefined ? undefined : model[out % model.length];
        if (gone) queue.remove(gone);
        model = model.filter((timer) => timer !== gone);
        expect([queue.first, queue.size]).toEqual([model[0], model.length]);
      }
    }),
    { numRuns },
  );
}, 60_000);
