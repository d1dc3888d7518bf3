// A process that kills itself where it is told to: runs a batch and tells each acknowledged result at once.
import { writeSync } from "node:fs";
import { type Database, openLibsql, runBatch, type Statement } from "../src/index.js";

/** When to die, and at the how-manieth time. */
interface Plan {
  /** A call of the store while the journal is opened, repaired and filled; … while the run goes on; a request; a result. */
  readonly at: "opening" | "writing" | "sending" | "acknowledging" | "never";
  readonly count: number;
}

const [input = "", output = "", baseUrl = "", concurrency = "16", planText = ""] = process.argv.slice(2);
const plan: Plan = planText === "" ? { at: "never", count: 0 } : JSON.parse(planText);
let isRunning = false;
let seen = 0;

/** No handler runs, nothing is flushed: the kernel ends the process within this call. */
function passing(at: Plan["at"]): void {
  if (at === plan.at && ++seen >= plan.count) process.kill(process.pid, "SIGKILL");
}

function watched(database: Database): Database {
  const call = <T>(action: () => T): T => {
    passing(isRunning ? "writing" : "opening");
    return action();
  };
  const watchedStatement = (statement: Statement): Statement => ({
    run: (...values) => call(() => statement.run(...values)),
    get: (...values) => call(() => statement.get(...values)),
    rows: (...values) => call(() => statement.rows(...values)),
  });
  return {
    exec: (sql) => call(() => database.exec(sql)),
    prepare: (sql) => watchedStatement(database.prepare(sql)),
    close: () => database.close(),
  };
}

await runBatch({
  input,
  output,
  baseUrl,
  concurrency: Number(concurrency),
  quota: { learn: false },
  openDatabase: (path) => watched(openLibsql(path)),
  onEvent: (event) => {
    if (event.type === "run-started") isRunning = true;
    if (event.type === "attempt-started") passing("sending");
    if (event.type !== "item-done") return;
    writeSync(1, `${event.customId}\n`);
    passing("acknowledging");
  },
});
