import type { LaneState } from "@bide/llm";
import type { Clock } from "bide";
import type { Redis } from "ioredis";
import type { BatchRequest } from "../formats/batch-request.js";
import type { Attempt } from "../journal/records.js";
import { ItemRun } from "../run/attempt-log.js";
import { type Channel, hostOf } from "../run/channel.js";
import { Reachability } from "../run/reachability.js";
import { type Sent, send } from "../run/send.js";
import { type Stop, stopOfCall } from "../run/stop.js";
import { GIVEN_BACK, type TakenJob } from "./engine.js";
import { answerKey, promptKey, runKey } from "./names.js";
import { parseOrder } from "./order.js";
import type { Seal } from "./seal.js";
import { ServerIdentity } from "./server-identity.js";
import type { Tenure, Tenures } from "./tenure.js";
import type { Ways } from "./ways.js";
import { resultText, type WorkResult } from "./work.js";

/** What a worker has done. One object that changes while it works. */
export interface WorkerFigures {
  /** Requests that ended, whatever came of them. */
  readonly done: number;
  /** Those it holds: under way, or waiting for their turn. */
  readonly held: number;
  /** Those of them whose request is under way. */
  readonly sending: number;
  /** HTTP requests that ended. */
  readonly attempts: number;
  /** Those of them that were answered with 429. */
  readonly rateLimited: number;
}

/** A result that no coordinator comes for is kept so long: it was paid for. */
const ANSWERS_KEPT_MS = 24 * 3600 * 1000;
/** A request that got no answer at all is tried by so many workers before that counts as its own failure. */
const TRIED_BY = 3;
/** How often it is looked whether the run has put a Redis right that restarted. */
const LOOKS_AFTER_MS = 50;
const LET_GO = Symbol("let go");

interface Held {
  readonly item: ItemRun;
  readonly controller: AbortController;
}

/** What a {@link Desk} works with. */
export interface DeskParts {
  readonly redis: Redis;
  readonly ways: Ways;
  /** Hears of a job whose answer must fit a schema that was not learned; learns it where the worker can. */
  readonly onUnknown: (run: string) => Promise<void>;
  readonly clock: Clock;
  /** Told with each result. */
  readonly worker: string;
  /** Called when nothing more can be sent. */
  readonly onStop: (stop: Stop) => void;
}

/** Where a worker answers requests: takes one out of Redis, sends it, and puts there what came of it. */
export class Desk {
  readonly figures: { -readonly [figure in keyof WorkerFigures]: number } = {
    ...{ done: 0, held: 0, sending: 0, attempts: 0, rateLimited: 0 },
  };
  readonly #parts: DeskParts;
  readonly #held = new Set<Held>();
  readonly #identity: ServerIdentity;
  #reachability = new Reachability<TakenJob>();
  #isClosed = false;
  #stop: Stop | undefined;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#identity = new ServerIdentity(parts.redis);
  }

  /** Why nothing more can be sent. */
  get stop(): Stop | undefined {
    return this.#stop;
  }

  /** What the worker's quota knows by now. */
  lanes(): readonly LaneState[] {
    return this.#parts.ways.lanes();
  }

  /** Whatever stopped it is tried again. */
  resume(): void {
    this.#stop = undefined;
    this.#reachability = new Reachability();
    this.#parts.ways.resume();
  }

  /** Begins nothing from now on, and lets go of what only waits; or of all. */
  close(which: "waiting" | "all"): void {
    this.#isClosed = true;
    this.#letGo(which);
  }

  #letGo(which: "waiting" | "all"): void {
    for (const { item, controller } of this.#held) {
      if (which === "all" || item.isWaiting) controller.abort(LET_GO);
    }
  }

  /** Does one job. @returns {@link GIVEN_BACK} when somebody else has to. */
  async work(run: string, job: TakenJob, tenures: Tenures, seal: Seal): Promise<typeof GIVEN_BACK | undefined> {
    const { id } = job;
    const { ways, onUnknown } = this.#parts;
    const [texts, tenure] = await Promise.all([this.#textsOf(run, id), tenures.begin(job)]);
    try {
      if (texts === GIVEN_BACK) return GIVEN_BACK;
      const [prompt, answer] = texts;
      // A worker that was too slow to say so has answered it: what was paid for once is not asked for again.
      if (typeof answer === "string") return undefined;
      // Without either the coordinator puts it there once more.
      if (typeof prompt !== "string") return undefined;
      const { request, mark } = parseOrder(seal.open(prompt), id);
      if (ways.of(mark) === undefined) await onUnknown(run);
      const channel = ways.of(mark);
      if (channel === undefined || this.#isClosed || this.#stop) return GIVEN_BACK;
      return await this.#answer(request, { run, job, tenure, seal, channel });
    } finally {
      tenure.end();
    }
  }

  /** The request and the result of a job, from a Redis that the run vouches for: another may know it as open that is done. */
  async #textsOf(run: string, id: string): Promise<readonly (string | null)[] | typeof GIVEN_BACK> {
    const { redis, clock } = this.#parts;
    while (!this.#isClosed && !this.#stop) {
      const [texts, server] = await Promise.all([
        redis.mget(promptKey(run, id), answerKey(run, id)),
        redis.hget(runKey(run), "server"),
      ]);
      // Of this Redis: asked for after it has answered. Without a run nobody waits for the job.
      if (server === null || server === (await this.#identity.id())) return texts;
      await clock.sleep(LOOKS_AFTER_MS);
    }
    return GIVEN_BACK;
  }

  async #answer(
    request: BatchRequest,
    { run, job, tenure, seal, channel }: { run: string; job: TakenJob; tenure: Tenure; seal: Seal; channel: Channel },
  ): Promise<typeof GIVEN_BACK | undefined> {
    const held = this.#hold(tenure);
    try {
      const sent = await this.#sent(channel, request, held);
      if (sent === undefined || this.#isOthers(sent, held, job, channel)) return GIVEN_BACK;
      this.figures.done++;
      const result: WorkResult = { ...sent, attempts: held.item.attempts, worker: this.#parts.worker };
      await this.#deliver(answerKey(run, job.id), seal.close(resultText(result)), job);
      return undefined;
    } finally {
      this.#held.delete(held);
      this.figures.held--;
    }
  }

  /** What is no longer surely this worker's is not sent: somebody else may have the answer. What is on the wire is paid for. */
  #hold(tenure: Tenure): Held {
    const controller = new AbortController();
    const item = new ItemRun(this.#parts.clock, {
      began: () => {
        this.figures.sending++;
        if (!tenure.isSure) controller.abort(LET_GO);
      },
      ended: (attempt) => this.#count(attempt),
    });
    tenure.onLost = () => {
      if (item.isWaiting) controller.abort(LET_GO);
    };
    const held: Held = { item, controller };
    this.#held.add(held);
    this.figures.held++;
    return held;
  }

  /** A result that comes when another worker's is written already would lie there for nobody. */
  async #deliver(key: string, text: string, job: TakenJob): Promise<void> {
    const { redis } = this.#parts;
    const [, isWaitedFor] = await Promise.all([redis.set(key, text, "PX", ANSWERS_KEPT_MS), redis.exists(job.key)]);
    if (isWaitedFor === 0) await redis.del(key);
  }

  async #sent(channel: Channel, request: BatchRequest, { item, controller }: Held): Promise<Sent | undefined> {
    try {
      return await send(channel.sender, request, controller.signal, item);
    } catch (error) {
      if (error === LET_GO) return undefined;
      throw error;
    }
  }

  /** Whether what came of it says nothing of the request, but of this worker's key or endpoint: others may fare better. */
  #isOthers({ outcome }: Sent, { item }: Held, job: TakenJob, channel: Channel): boolean {
    const stop = item.ending && stopOfCall(item.ending);
    if (stop) return this.#stopFor(stop);
    if (outcome.kind === "answer" || !item.isUnanswered) {
      // They are with others already: nothing is to be done for them here.
      this.#reachability.answered();
      return false;
    }
    const { isUnreached } = item;
    const lost = this.#reachability.unanswered({ item: job, host: hostOf(channel), code: outcome.code, isUnreached });
    if (lost) return this.#stopFor(lost);
    if (job.start < TRIED_BY) return true;
    if (!isUnreached) return false;
    // So many workers have tried it: what there is decides, as where nothing more is to come.
    const { stop: unreachable } = this.#reachability.ended();
    return unreachable !== undefined && this.#stopFor(unreachable);
  }

  #stopFor(stop: Stop): true {
    if (this.#stop === undefined) {
      this.#stop = stop;
      this.#letGo("waiting");
      this.#parts.onStop(stop);
    }
    return true;
  }

  #count({ status }: Attempt): void {
    this.figures.sending--;
    this.figures.attempts++;
    if (status === 429) this.figures.rateLimited++;
  }
}
