/** Whatever lies in Redis begins so; the braces keep it on one node of a cluster, as the queue engine needs it. */
export const PREFIX = "{bide}";

/** The runs that there are, by when they began. */
export const RUNS: string = `${PREFIX}:runs`;
/** The workers that there are, by when they were last heard. */
export const WORKERS: string = `${PREFIX}:workers`;

/** What is known of a run: a hash that its coordinator keeps alive. */
export function runKey(run: string): string {
  return `${PREFIX}:about-run:${run}`;
}

/** What is known of a worker: a hash that it keeps alive. */
export function workerKey(worker: string): string {
  return `${PREFIX}:about-worker:${worker}`;
}

/** Where the request of a job lies until it is done. */
export function promptKey(run: string, job: string): string {
  return `${PREFIX}:prompt:${run}:${job}`;
}

/** Where the result of a job lies until its coordinator has it on the disk. */
export function answerKey(run: string, job: string): string {
  return `${PREFIX}:answer:${run}:${job}`;
}

/** The engine's name for the queue of a run. */
export function queueName(run: string): string {
  return `run-${run}`;
}

/** The id of an item's job: equal for an equal request, so that adding it twice adds it once. */
export function jobId(fingerprint: Buffer): string {
  return `item-${fingerprint.toString("hex")}`;
}
