import { Quota } from "@bide/llm";
import { type Duration, systemClock } from "bide";
import type { Command } from "commander";
import { schemaCheck } from "../answer-schema.js";
import { loadDistributed, redisOf, secretOf, withRedisOption } from "../distributed.js";
import { type EndpointOptions, endpointOf, withEndpointOptions } from "../endpoint-options.js";
import { EXIT } from "../exit-codes.js";
import { keepAliveFetch } from "../http/undici-fetch.js";
import { hearInterrupts } from "../interrupts.js";
import type { Io } from "../io.js";
import { duration, redisUrl, wholeNumber } from "../option-values.js";
import { count, plural } from "../progress/format.js";

interface WorkerCommandOptions extends EndpointOptions {
  readonly redis?: string | boolean;
  readonly quotaRedis?: string;
  readonly concurrency: number;
  readonly advance: number;
  readonly advanceFor: Duration;
  readonly name?: string;
  readonly drainFor: Duration;
  readonly lock: Duration;
}

const EXAMPLES = `
The key stays here: OPENAI_API_KEY, in the environment or in .env. The limits
are those of the key, for all workers together. With BIDE_SECRET set, here and
where \`bide run\` is, Redis sees no prompt and no answer.
SIGTERM and Ctrl-C finish what is under way and give back the rest; twice stops
now, and other workers take over.

Examples:
  $ bide worker --redis redis://10.0.0.5 --rpm 500 --tpm 200000 --burst 50
  $ bide worker --redis redis://10.0.0.5 --rpm 100000 --advance 50
`;

/** `bide worker`: takes part in every run that it finds in a Redis. */
export function addWorker(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command("worker")
    .summary("take part in the runs over a Redis")
    .description("Take part in the runs over a Redis, with a key of its own.");
  withEndpointOptions(withRedisOption(command, "the Redis that `bide run` names"))
    .option("--concurrency <n>", "the most requests at once, of each run", wholeNumber, 64)
    .option("--quota-redis <url>", "where the quota is shared, if elsewhere", redisUrl("--quota-redis"))
    .option("--advance <n>", "requests' worth of quota that may be taken in advance", wholeNumber, 16)
    .option("--advance-for <time>", "how long it may be kept", duration, "1s")
    .option("--name <name>", "what the status calls it; else host and process")
    .option("--drain-for <time>", "how long it waits at its end for what is under way", duration, "25s")
    .option("--lock <time>", "after this long without a sign of life others take over", duration, "10s")
    .addHelpText("after", EXAMPLES)
    .action(async (options: WorkerCommandOptions) => {
      exit(await work(options, io));
    });
}

async function work(options: WorkerCommandOptions, io: Io): Promise<number> {
  const { concurrency, maxAttempts, deadline, attemptTimeout, name, advance, advanceFor } = options;
  const redis = redisOf(options.redis, io);
  const endpoint = endpointOf(options, io);
  const { startWorker, shareQuota } = await loadDistributed();
  const say = (sentence: string): void => void io.stderr.write(`${sentence}\n`);
  const shared = shareQuota(options.quotaRedis ?? redis, {
    ...{ advance, advanceFor },
    onAvailability: (error) =>
      say(error === undefined ? "Redis is back" : "Redis does not answer: going on with a share of the quota"),
  });
  const http = keepAliveFetch(concurrency);
  const worker = startWorker({
    ...endpoint,
    ...{ redis, concurrency, maxAttempts, deadline, attemptTimeout, name },
    ...{ lock: options.lock, drainsFor: options.drainFor, secret: secretOf(io), fetch: http.fetch },
    quota: new Quota({ ...endpoint.quota, store: shared.store }),
    schemaCheck: (schema) => schemaCheck(schema, "of the run"),
    onProblem: (sentence) => say(`bide: ${sentence}`),
    onStop: ({ message }) => say(`bide: ${message}; sitting out until a run is started again`),
  });
  say("takes part in every run that comes; Ctrl-C finishes what is under way");
  const interrupts = hearInterrupts(() => say("finishing what is under way; Ctrl-C again stops now"), systemClock);
  try {
    await aborted(interrupts.drain);
    const isStopped = await Promise.race([worker.drain().then(() => false), aborted(interrupts.stop).then(() => true)]);
    if (isStopped) await worker.abandon();
    await shared.close();
    const { done, attempts } = worker.figures;
    say(`${plural(done, "request")} done in ${count(attempts)} attempts`);
    return isStopped ? EXIT.interrupted : EXIT.ok;
  } finally {
    interrupts.release();
    await http.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
