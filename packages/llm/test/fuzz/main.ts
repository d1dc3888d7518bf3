// Mutates error bodies, headers and streams by seed: `npm run fuzz [-- trials [first seed]]`. A failure names its seed.
import { trial } from "./trial.js";

const [trials = 100_000, first = 1] = process.argv.slice(2).map(Number);
let uncaught = 0;
for (const kind of ["unhandledRejection", "uncaughtException"] as const) {
  process.on(kind, (error: unknown) => {
    uncaught++;
    console.error(`${kind}:`, error);
  });
}
const startedMs = performance.now();
let failed = 0;
for (let seed = first; seed < first + trials; seed++) {
  await trial(seed).catch((error: unknown) => {
    failed++;
    if (failed <= 20) console.error(error instanceof Error ? error.message : error);
  });
  if (seed % 10_000 === 0) console.error(`${seed - first + 1} trials, ${failed} failed`);
}
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
console.log(`${trials} trials from seed ${first} in ${seconds} s: ${failed} failed, ${uncaught} uncaught`);
process.exitCode = failed + uncaught === 0 ? 0 : 1;
