// Bull Board, the dashboard of BullMQ, over the runs that are in a Redis; it looks, and changes nothing.
//   npm install @bull-board/api @bull-board/ui @bull-board/hono hono @hono/node-server bullmq
//   node examples/board.mjs redis://127.0.0.1:6379 3000
import { argv } from "node:process";
import { pathToFileURL } from "node:url";
import { distributedStatus } from "@bide/batch/distributed";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { HonoAdapter } from "@bull-board/hono";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Queue } from "bullmq";

/** A board of the runs that there are now, as a web application with a `fetch`; `close` lets go of Redis. */
export async function boardOf(url) {
  const { runs } = await distributedStatus(url);
  const queues = runs.map(({ run }) => new Queue(`run-${run}`, { prefix: "{bide}", connection: { url } }));
  const serverAdapter = new HonoAdapter(serveStatic);
  createBullBoard({
    queues: queues.map((queue, index) => {
      const { input, total } = runs[index];
      return new BullMQAdapter(queue, { readOnlyMode: true, description: `${input}: ${total} requests` });
    }),
    serverAdapter,
  });
  const app = serverAdapter.registerPlugin();
  return {
    fetch: (request) => app.fetch(request),
    close: () => Promise.all(queues.map((queue) => queue.close())),
  };
}

if (import.meta.url === pathToFileURL(argv[1] ?? "").href) {
  const [, , url = "redis://127.0.0.1:6379", port = "3000"] = argv;
  const board = await boardOf(url);
  // Who reaches the board sees names of files and figures: it is for this machine alone.
  serve({ fetch: board.fetch, hostname: "127.0.0.1", port: Number(port) }, ({ port: at }) => {
    console.log(`http://127.0.0.1:${at}`);
  });
}
