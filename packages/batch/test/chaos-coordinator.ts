// The coordinator of the chaos run: tells each result that is on the disk, and at the end what it came to.
import { writeSync } from "node:fs";
import { runDistributed } from "../src/distributed.js";

const [redis = "", input = "", output = "", window = ""] = process.argv.slice(2);

const summary = await runDistributed({
  ...{ redis, input, output, window: Number(window) },
  onEvent: (event) => {
    if (event.type === "item-done") writeSync(1, `${event.customId}\n`);
  },
});
writeSync(1, `summary ${JSON.stringify(summary)}\n`);
