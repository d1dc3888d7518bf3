import { afterAll, beforeAll, expect, test } from "vitest";
import { World } from "../packages/batch/test/distributed-world.js";
import { boardOf } from "./board.mjs";

let world: World;

beforeAll(async () => {
  world = await World.make({ latency: "10ms" });
}, 30_000);
afterAll(() => world.close());

/** Leaves a run with answered and open requests in Redis, as its death would. */
async function leaveRun(secret: string | undefined): Promise<void> {
  world.worker({ secret });
  const cut = new AbortController();
  await world.run(world.input(60), {
    ...{ secret, window: 30, signal: cut.signal },
    onEvent: ({ type }) => type === "item-done" && cut.abort(),
  });
}

test.each([
  ["sealed", "a long and random one"],
  ["not sealed", undefined],
])("Bull Board lists a run's queue with its jobs, and no prompt and no answer: %s", async (_, secret) => {
  await leaveRun(secret);
  const board = await boardOf(world.server.url);
  const read = async (path: string): Promise<string> => {
    const response = await board.fetch(new Request(`http://board${path}`));
    expect(response.status).toBe(200);
    return response.text();
  };
  try {
    const [queue] = JSON.parse(await read("/api/queues")).queues;
    expect(queue).toMatchObject({
      name: expect.stringMatching(/^run-\w+$/),
      description: "prompts.jsonl: 60 requests",
    });
    const jobsOf = async (status: string) => {
      const text = await read(`/api/queues?activeQueue=${queue.name}&status=${status}&page=1&jobsPerPage=20`);
      return { text, jobs: JSON.parse(text).queues[0].jobs };
    };
    await expect.poll(async () => (await jobsOf("completed")).jobs.length).toBeGreaterThan(0);
    const { text, jobs } = await jobsOf("completed");
    const job = await read(`/api/queues/${queue.name}/${jobs[0].id}`);
    expect(jobs[0]).toMatchObject({ name: "request", data: {}, progress: 0 });
    for (const shown of [text, job]) expect(shown).not.toMatch(/Question|messages|choices/);
    expect(await read("/")).toContain("<title>Bull Dashboard</title>");
  } finally {
    await board.close();
    await world.clear();
  }
});

test("a Redis without runs has an empty board", async () => {
  const board = await boardOf(world.server.url);
  const response = await board.fetch(new Request("http://board/api/queues"));
  expect(await response.json()).toMatchObject({ queues: [] });
  await board.close();
});
