// A process that the kill test can kill: runs a batch and tells each acknowledged result at once.
import { writeSync } from "node:fs";
import { retry } from "bide";
import { runBatch } from "../src/index.js";

const [input = "", output = "", baseUrl = "", concurrency = "16"] = process.argv.slice(2);

const policy = retry({ maxAttempts: 10, while: (value: unknown) => value instanceof Response && value.status >= 500 });

await runBatch({
  input,
  output,
  baseUrl,
  concurrency: Number(concurrency),
  through: (transport) => (url, init) => policy.run(({ signal }) => transport(url, { ...init, signal })),
  onResult: ({ customId }) => writeSync(1, `${customId}\n`),
});
