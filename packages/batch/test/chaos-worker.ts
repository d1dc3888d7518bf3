// A worker of the chaos run, to be killed at any moment.
import { startWorker } from "../src/distributed.js";

const [redis = "", baseUrl = "", name = ""] = process.argv.slice(2);

const worker = startWorker({ redis, baseUrl, name, concurrency: 8, lock: "2s" });
process.once("SIGTERM", () => void worker.drain());
