// The coordinator of `bench/workers.mjs`, in a process of its own.
import { runDistributed } from "@bide/batch/distributed";

const options = JSON.parse(process.argv[2]);
const summary = await runDistributed(options);
process.send?.({ succeeded: summary.succeeded, failed: summary.failed, attempts: summary.attempts });
process.disconnect?.();
