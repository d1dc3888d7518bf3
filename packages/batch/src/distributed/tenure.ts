import type { Clock } from "bide";
import { startTimer } from "bide/kit";

/** A job and what its worker shows to prove that it is the one who has it. */
export interface Claim {
  readonly id: string;
  readonly token: string;
}

/** What {@link Tenures} are made of. */
export interface TenureOptions {
  readonly clock: Clock;
  /** How often Redis is asked: several times in the life of a lock. */
  readonly everyMs: number;
  /** For how long these are still their worker's, in milliseconds; 0: another's by now, or nobody's. */
  readonly leftMs: (claims: readonly Claim[]) => Promise<readonly number[]>;
}

/** One job in a worker's hands, for as long as Redis said. */
export class Tenure implements Claim {
  readonly #end: (tenure: Tenure) => void;
  readonly #clock: Clock;
  #untilMs = Number.NEGATIVE_INFINITY;
  /** Called when the job was lost. */
  onLost: () => void = () => undefined;

  constructor(
    readonly id: string,
    readonly token: string,
    clock: Clock,
    end: (tenure: Tenure) => void,
  ) {
    this.#clock = clock;
    this.#end = end;
  }

  /** Whether nobody else can have taken it over by now: also where this process stood still, or Redis is gone. */
  get isSure(): boolean {
    return this.#clock.nowMs() < this.#untilMs;
  }

  /** @param askedMs When Redis was asked: it answered later, so that the job is the worker's for at least so long. */
  told(leftMs: number, askedMs: number): void {
    this.#untilMs = askedMs + leftMs;
    if (leftMs <= 0) this.onLost();
  }

  end(): void {
    this.#end(this);
  }
}

/**
 * Knows which jobs are still a worker's. The queue engine renews locks, and says nothing where that comes too late: who was
 * slow would go on with a request that another has sent, been answered, and had written down.
 */
export class Tenures {
  readonly #options: TenureOptions;
  readonly #held = new Set<Tenure>();
  readonly #end = (tenure: Tenure): void => {
    this.#held.delete(tenure);
    if (this.#held.size === 0) this.#stop();
  };
  #stopTimer: (() => void) | undefined;

  constructor(options: TenureOptions) {
    this.#options = options;
  }

  /** A job was taken; whether it is still there to be worked on, Redis has to say. */
  async begin({ id, token }: Claim): Promise<Tenure> {
    const tenure = new Tenure(id, token, this.#options.clock, this.#end);
    this.#held.add(tenure);
    await this.#ask([tenure]);
    this.#arm();
    return tenure;
  }

  async #ask(tenures: readonly Tenure[]): Promise<void> {
    const askedMs = this.#options.clock.nowMs();
    const lefts = await this.#options.leftMs(tenures);
    for (const [index, tenure] of tenures.entries())
      if (this.#held.has(tenure)) tenure.told(lefts[index] ?? 0, askedMs);
  }

  #arm(): void {
    if (this.#stopTimer || this.#held.size === 0) return;
    const { clock, everyMs } = this.#options;
    this.#stopTimer = startTimer(clock, clock.nowMs() + everyMs, () => void this.#askAll());
  }

  async #askAll(): Promise<void> {
    // Whom Redis says nothing of becomes unsure by itself.
    await this.#ask([...this.#held]).catch(() => undefined);
    this.#stop();
    this.#arm();
  }

  #stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}
