import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Waiter, WaitingLine } from "./waiting-line.js";

const numRuns = Number(process.env["BIDE_PROPERTY_RUNS"] ?? 1000);

function waiter(
  priority = 0,
  sinceMs = 0,
  deadlineMs?: number,
  cost: Record<string, number> = { requests: 1 },
): Waiter {
  return new Waiter(
    cost,
    priority,
    sinceMs,
    deadlineMs,
    undefined,
    () => undefined,
    () => undefined,
  );
}

function served(line: WaitingLine, nowMs: number, most: number): number[] {
  const priorities: number[] = [];
  for (let next = line.first(nowMs); next && priorities.length < most; next = line.first(nowMs)) {
    priorities.push(next.priority);
    line.serve(next, nowMs);
  }
  return priorities;
}

const never = (): void => {
  throw new Error("nobody was late");
};

describe("the line", () => {
  test("serves higher priority first, and equals in the order they came", () => {
    const line = new WaitingLine(1000);
    const joined = [0, 2, 1, 2, 0, 1].map((priority) => waiter(priority));
    for (const one of joined) line.join(one, never);
    const order: number[] = [];
    for (let next = line.first(0); next; next = line.first(0)) {
      order.push(joined.indexOf(next));
      line.serve(next, 0);
    }
    expect([order, line.size]).toEqual([[1, 3, 2, 5, 0, 4], 0]);
  });

  test("serves who comes again before its equals, and after what is more important", () => {
    const line = new WaitingLine(1000);
    const [first, important, again] = [waiter(), waiter(1), waiter()];
    again.isAgain = true;
    for (const one of [first, important, again]) line.join(one, never);
    const order: Waiter[] = [];
    for (let next = line.first(0); next; next = line.first(0)) {
      order.push(next);
      line.serve(next, 0);
    }
    expect(order).toEqual([important, again, first]);
  });

  test("one in ten goes to the oldest, as soon as he has waited for the ageing time", () => {
    const line = new WaitingLine(1000);
    for (let i = 0; i < 3; i++) line.join(waiter(0, 500), never);
    for (let i = 0; i < 40; i++) line.join(waiter(5, 500), never);
    expect(served(line, 1499, 10)).toEqual(Array.from({ length: 10 }, () => 5));
    const turns = served(line, 1500, 33).map((priority, turn) => (priority === 0 ? turn : -1));
    expect(turns.filter((turn) => turn >= 0)).toEqual([9, 19, 29]);
  });

  test("an infinite ageing time leaves everything to priority", () => {
    const line = new WaitingLine(Number.POSITIVE_INFINITY);
    line.join(waiter(0), never);
    for (let i = 0; i < 30; i++) line.join(waiter(1), never);
    expect(served(line, 1e9, 31).indexOf(0)).toBe(30);
  });

  test("when the oldest leaves, the count begins anew for the next one", () => {
    const line = new WaitingLine(0);
    const [first, second] = [waiter(0), waiter(0)];
    for (const one of [first, second]) line.join(one, never);
    for (let i = 0; i < 30; i++) line.join(waiter(1), never);
    served(line, 0, 9);
    line.leave(first);
    expect(served(line, 0, 10).indexOf(0)).toBe(9);
  });

  test("the oldest is whoever came first of those who are still there", () => {
    const line = new WaitingLine(0);
    const [a, b, c, d] = [waiter(), waiter(), waiter(), waiter()];
    for (const one of [a, b, c]) line.join(one, never);
    for (let i = 0; i < 40; i++) line.join(waiter(1), never);
    const last = waiter(1);
    line.join(last, never);
    const oldestIs = (one: Waiter): void => {
      served(line, 0, 9);
      expect(line.first(0)).toBe(one);
      line.serve(one, 0);
    };
    line.leave(b);
    oldestIs(a);
    oldestIs(c);
    // Who is last in line may leave, too, and the next one to come stands where it stood.
    while (line.size > 0) line.leave(line.first(0) ?? last);
    for (const one of [a, b]) line.join(one, never);
    line.leave(b);
    line.join(d, never);
    for (let i = 0; i < 20; i++) line.join(waiter(1), never);
    oldestIs(a);
    oldestIs(d);
  });

  test("when all have gone, nothing is ahead of anybody", () => {
    const line = new WaitingLine(1000);
    const joined = [waiter(1), waiter(2)];
    for (const one of joined) line.join(one, never);
    for (const one of joined) line.leave(one);
    expect(line.ahead(Number.NEGATIVE_INFINITY)).toEqual({});
  });

  test("knows what those ahead of a priority cost together", () => {
    const line = new WaitingLine(1000);
    const urgent = waiter(2, 0, undefined, { requests: 1, tokens: 30 });
    for (const one of [urgent, waiter(0, 0, undefined, { requests: 1, tokens: 5 }), waiter(2)]) line.join(one, never);
    expect([line.ahead(3), line.ahead(2), line.ahead(0)]).toEqual([
      {},
      { requests: 2, tokens: 30 },
      { requests: 3, tokens: 35 },
    ]);
    line.leave(urgent);
    line.leave(urgent);
    expect([line.ahead(2), line.size]).toEqual([{ requests: 1, tokens: 0 }, 2]);
  });

  test("tells those whose deadline comes, the earliest first, and keeps the others", () => {
    const line = new WaitingLine(1000);
    const late: Waiter[] = [];
    const joined = [waiter(0, 0, 300), waiter(0), waiter(0, 0, 100), waiter(0, 0, 301)];
    for (const one of joined) line.join(one, (waiting) => late.push(waiting));
    expect(line.firstDeadlineMs).toBe(100);
    line.expire(300);
    expect([late.map((one) => joined.indexOf(one)), line.size, line.firstDeadlineMs]).toEqual([[2, 0], 2, 301]);
  });

  test("for any joining and leaving serves as a sorted list would", () => {
    const step = fc.record({ joins: fc.boolean(), leaves: fc.boolean(), at: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const line = new WaitingLine(Number.POSITIVE_INFINITY);
        const model: Waiter[] = [];
        for (const { joins, leaves, at } of steps) {
          if (joins) {
            const one = waiter(at % 5);
            line.join(one, never);
            model.push(one);
            model.sort((a, b) => b.priority - a.priority || a.order - b.order);
          }
          expect(line.first(0)).toBe(model[0]);
          const [gone] = model.splice(leaves ? at % (model.length || 1) : 0, 1);
          if (gone) line.leave(gone);
          expect(line.size).toBe(model.length);
        }
      }),
      { numRuns },
    );
  }, 60_000);
});
