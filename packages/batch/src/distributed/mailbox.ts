import type { Redis } from "ioredis";
import type { OpenRequest } from "../run/item-feed.js";
import { execute, RunQueue } from "./engine.js";
import { answerKey, jobId, promptKey } from "./names.js";
import { orderText } from "./order.js";
import { RUN_KEPT_MS } from "./registry.js";
import type { Seal } from "./seal.js";
import { parseResult, type WorkResult } from "./work.js";

/** An item whose job ended. */
export type Delivery =
  | { readonly open: OpenRequest; readonly kind: "answered"; readonly result: WorkResult }
  /** Its request or its result was gone before somebody came for it: it is to be sent once more. */
  | { readonly open: OpenRequest; readonly kind: "gone" }
  /** Its workers died, again and again. */
  | { readonly open: OpenRequest; readonly kind: "lost" };

/** How many jobs are looked for at a time. */
const LOOKED_AT = 1000;

/** What a {@link Mailbox} is made of. */
export interface MailboxOptions {
  readonly redis: Redis;
  readonly run: string;
  readonly seal: Seal;
  readonly promptsForMs: number;
  /** Of the schema that answers must fit. */
  readonly mark: string;
}

/** The items of a run that are in Redis: puts them there, takes out what became of them, and misses none. */
export class Mailbox {
  readonly #options: MailboxOptions;
  readonly #queue: RunQueue;
  readonly #pending = new Map<string, OpenRequest>();
  #looking: Iterator<string> = this.#pending.keys();

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
    if (requests.length === 0) return;
    const { redis, run, seal, promptsForMs, mark } = this.#options;
    const pipeline = redis.pipeline();
    const ids = requests.map((open) => {
      const { item, request } = open;
      const id = jobId(item.fingerprint);
      // Before anybody can answer it: an answer to what nobody waits for is swept.
      this.#pending.set(id, open);
      const text = seal.close(orderText({ request, mark }));
      pipeline.set(promptKey(run, id), text, "PX", promptsForMs);
      return id;
    });
    // The prompt is there before its job: a worker that finds none gives up on it.
    await execute(pipeline);
    await this.#queue.add(ids);
    await this.#queue.keepJobs(ids, RUN_KEPT_MS);
  }

  /**
   * The items that ended since; they stay in Redis until they are {@link Mailbox.done}.
   *
   * @param sweeps Whether jobs that nobody waits for are removed: they are those whose results a coordinator that died had
   * already written, once every item that may be in Redis has been posted again.
   */
  async collect(most: number, sweeps: boolean): Promise<readonly Delivery[]> {
    const { completed, failed } = await this.#queue.ended(most);
    const known = completed.filter((id) => this.#pending.has(id));
    const answers = await this.#answersOf(known);
    if (sweeps) await this.#forget([...completed, ...failed].filter((id) => !this.#pending.has(id)));
    return [
      ...known.flatMap((id, index) => this.#delivered(id, answers[index] ?? null)),
      ...failed.flatMap((id) => {
        const open = this.#pending.get(id);
        return open === undefined ? [] : [{ open, kind: "lost" } as const];
      }),
    ];
  }

  /** These are on the disk: Redis forgets them. */
  async done(items: readonly OpenRequest[]): Promise<void> {
    const ids = items.map(({ item }) => jobId(item.fingerprint));
    await this.#forget(ids);
    for (const id of ids) this.#pending.delete(id);
  }

  /** Puts these once more. */
  async again(items: readonly OpenRequest[]): Promise<void> {
    await this.#queue.remove(items.map(({ item }) => jobId(item.fingerprint)));
    await this.post(items);
  }

  /**
   * Keeps what is in Redis alive, and puts there once more what it has lost, as after a restart without a disk. A job may be
   * there and stand in no list: a worker for whom the run was over has let those go, a moment after they were made anew.
   */
  async restore(): Promise<void> {
    await this.#queue.keep(RUN_KEPT_MS);
    const missing = await this.#queue.keepJobs(this.#nextToLookAt(), RUN_KEPT_MS);
    await this.post(missing.flatMap((id) => this.#pending.get(id) ?? []));
    if (this.#pending.size > 0 && (await this.#queue.isEmpty())) await this.again([...this.#pending.values()]);
  }

  /**
   * Takes out of Redis what it holds for open and nobody waits for: it has forgotten that it was done. A worker that took
   * one of these already finds no request.
   */
  async recall(): Promise<void> {
    const { redis, run } = this.#options;
    const done = (await this.#queue.open()).filter((id) => !this.#pending.has(id));
    if (done.length === 0) return;
    await redis.del(...done.map((id) => promptKey(run, id)));
    await this.#queue.remove(done);
  }

  /** Some of what is pending, the rest the next times: a large window must not cost Redis more than a small one. */
  #nextToLookAt(): readonly string[] {
    const ids: string[] = [];
    while (ids.length < Math.min(LOOKED_AT, this.#pending.size)) {
      const { value, done } = this.#looking.next();
      if (!done) ids.push(value);
      else this.#looking = this.#pending.keys();
    }
    return ids;
  }

  /** Nothing begins from now on, and what waits leaves Redis. */
  async halt(): Promise<void> {
    await this.#queue.halt();
  }

  /** Removes everything of the run. */
  async destroy(): Promise<void> {
    await this.#deleteTexts([...this.#pending.keys()]);
    await this.#queue.destroy();
  }

  async #answersOf(ids: readonly string[]): Promise<readonly (string | null)[]> {
    const { redis, run } = this.#options;
    return ids.length === 0 ? [] : redis.mget(ids.map((id) => answerKey(run, id)));
  }

  #delivered(id: string, answer: string | null): readonly Delivery[] {
    const open = this.#pending.get(id);
    if (open === undefined) return [];
    if (answer === null) return [{ open, kind: "gone" }];
    return [{ open, kind: "answered", result: parseResult(this.#options.seal.open(answer)) }];
  }

  /** In an order that a death in the middle leaves jobs behind, which are swept, and no texts, which nobody would look for. */
  async #forget(ids: readonly string[]): Promise<void> {
    await Promise.all([this.#deleteTexts(ids), this.#queue.remove(ids)]);
    // A worker that was late may have put a result there in between; from now on it finds its job gone.
    await this.#deleteTexts(ids);
  }

  async #deleteTexts(ids: readonly string[]): Promise<void> {
    const { redis, run } = this.#options;
    if (ids.length > 0) await redis.del(...ids.flatMap((id) => [promptKey(run, id), answerKey(run, id)]));
  }
}
