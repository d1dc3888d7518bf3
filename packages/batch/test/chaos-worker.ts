// A worker of the chaos run, to be killed at any moment.
import { startWorker } from "../src/distributed.js";

const [redis = "", baseUrl = "", name = ""] = process.argv.slice(2);

// The endpoint's log keeps this header: so it is known who sent what.
const headers = { "x-custom-id": name };
const worker = startWorker({ redis, baseUrl, name, headers, concurrency: 8, lock: "2s" });
process.once("SIGTERM", () => void worker.drain());
// Whoever asks it to end before it can hear that kills it.
console.log("ready");
