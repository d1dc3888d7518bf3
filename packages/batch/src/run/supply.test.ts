import { expect, test } from "vitest";
import type { OpenRequest } from "./item-feed.js";
import { Supply } from "./supply.js";

function request(line: number): OpenRequest {
  const item = { line, offset: 0, length: 0, customId: `id-${line}`, fingerprint: Buffer.alloc(16) };
  return { item, request: { customId: item.customId, url: "/v1/chat/completions", body: {} } };
}

async function* groups(...sizes: readonly number[]): AsyncGenerator<readonly OpenRequest[], void, void> {
  let line = 0;
  for (const size of sizes) yield Array.from({ length: size }, () => request(++line));
}

async function takeAll(supply: Supply, taken: number[]): Promise<void> {
  for (let open = await next(supply); open; open = await next(supply)) taken.push(open.item.line);
}

async function next(supply: Supply): Promise<OpenRequest | undefined> {
  return supply.take() ?? supply.taken();
}

test("hands each request to one taker, in order, however many take at once", async () => {
  const supply = new Supply(groups(2, 0, 3, 1), () => false);
  const taken: number[] = [];
  await Promise.all([1, 2, 3, 4].map(() => takeAll(supply, taken)));
  expect(taken).toEqual([1, 2, 3, 4, 5, 6]);
});

test("hands out nothing more once it is stopped, and lets go of the feed", async () => {
  let isStopped = false;
  const feed = groups(3, 3);
  const supply = new Supply(feed, () => isStopped);
  const first = await next(supply);
  isStopped = true;
  expect([first?.item.line, await next(supply), (await feed.next()).done]).toEqual([1, undefined, true]);
});

test("tells the one who reads of what broke the feed, and ends for the others", async () => {
  async function* broken(): AsyncGenerator<readonly OpenRequest[], void, void> {
    yield [request(1)];
    throw new Error("gone");
  }
  const supply = new Supply(broken(), () => false);
  const taken: number[] = [];
  const ends = await Promise.allSettled([1, 2].map(() => takeAll(supply, taken)));
  expect([taken, ends.map(({ status }) => status).sort()]).toEqual([[1], ["fulfilled", "rejected"]]);
});

test("hands out once more what was given back, also after the last, but not once it is stopped", async () => {
  let isStopped = false;
  const supply = new Supply(groups(2), () => isStopped);
  const taken: number[] = [];
  await takeAll(supply, taken);
  supply.giveBack(request(1));
  supply.giveBack(request(2));
  taken.push((await next(supply))?.item.line ?? 0);
  isStopped = true;
  expect([taken, await next(supply)]).toEqual([[1, 2, 2], undefined]);
});
