import type { Redis } from "ioredis";
import type { OpenRequest } from "../run/item-feed.js";
import { type EndedJob, RunQueue } from "./engine.js";
import { jobId, promptKey } from "./names.js";
import type { Seal } from "./seal.js";
import { parseResult, type WorkResult } from "./work.js";

/** An item whose job ended. */
export interface Delivery {
  readonly open: OpenRequest;
  /** Absent when its workers died, again and again. */
  readonly result: WorkResult | undefined;
}

/** What a {@link Mailbox} is made of. */
export interface MailboxOptions {
  readonly redis: Redis;
  readonly run: string;
  readonly seal: Seal;
  readonly promptsForMs: number;
}

/** The items of a run that are in Redis: puts them there, takes out what became of them, and misses none. */
export class Mailbox {
  readonly #options: MailboxOptions;
  readonly #queue: RunQueue;
  readonly #pending = new Map<string, OpenRequest>();

  constructor(options: MailboxOptions) {
    this.#options = options;
    this.#queue = new RunQueue(options.redis, options.run);
  }

  get queue(): RunQueue {
    return this.#queue;
  }

  /** How many items are in Redis that this coordinator waits for. */
  get size(): number {
    return this.#pending.size;
  }

  async post(requests: readonly OpenRequest[]): Promise<void> {
    const { redis, run, seal, promptsForMs } = this.#options;
    const ids = requests.map((open) => {
      const id = jobId(open.item.fingerprint);
      this.#pending.set(id, open);
      return id;
    });
    const pipeline = redis.pipeline();
    for (const [index, { request }] of requests.entries()) {
      const text = seal.close(JSON.stringify({ url: request.url, body: request.body }));
      pipeline.set(promptKey(run, ids[index] ?? ""), text, "PX", promptsForMs);
    }
    // The prompt is there before its job: a worker that finds none gives up on it.
    await pipeline.exec();
    await this.#queue.add(ids);
  }

  /** The items that ended since; they stay in Redis until they are {@link Mailbox.done}. */
  async collect(most: number): Promise<readonly Delivery[]> {
    const ended = await this.#queue.ended(most);
    return ended.flatMap((job) => {
      const open = this.#pending.get(job.id);
      return open === undefined ? [] : [{ open, result: this.#opened(job) }];
    });
  }

  /** These are on the disk: Redis forgets them. */
  async done(items: readonly OpenRequest[]): Promise<void> {
    const ids = items.map(({ item }) => jobId(item.fingerprint));
    await this.#forget(ids);
    for (const id of ids) this.#pending.delete(id);
  }

  /** Puts these once more. */
  async again(items: readonly OpenRequest[]): Promise<void> {
    if (items.length === 0) return;
    await this.#queue.remove(items.map(({ item }) => jobId(item.fingerprint)));
    await this.post(items);
  }

  /** Puts those once more that Redis has lost, as after a restart without a disk. @returns How many. */
  async restore(): Promise<number> {
    const missing = await this.#queue.missing([...this.#pending.keys()], this.#options.redis);
    await this.post(missing.flatMap((id) => this.#pending.get(id) ?? []));
    return missing.length;
  }

  async #forget(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const { redis, run } = this.#options;
    await redis.del(...ids.map((id) => promptKey(run, id)));
    await this.#queue.remove(ids);
  }

  #opened({ result }: EndedJob): WorkResult | undefined {
    return result === undefined ? undefined : parseResult(this.#options.seal.open(result));
  }

  /** Nothing begins from now on, and what waits leaves Redis. */
  async halt(): Promise<void> {
    await this.#queue.halt();
  }

  /** Removes everything of the run. */
  async destroy(): Promise<void> {
    const { redis, run } = this.#options;
    const ids = [...this.#pending.keys()];
    if (ids.length > 0) await redis.del(...ids.map((id) => promptKey(run, id)));
    await this.#queue.destroy();
  }
}
