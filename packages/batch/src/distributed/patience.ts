import { BideError, type Clock } from "bide";

const TRIES_AFTER_MS = 500;

/** Waits out what Redis has: steps that may be done twice are done again until they succeed. */
export class Patience {
  readonly #clock: Clock;
  readonly #isOver: () => boolean;
  readonly #tell: ((sentence: string) => void) | undefined;
  #told: string | undefined;

  /** @param isOver Whether nobody waits any more. @param tell Hears of each kind of trouble once. */
  constructor(clock: Clock, isOver: () => boolean, tell: ((sentence: string) => void) | undefined) {
    this.#clock = clock;
    this.#isOver = isOver;
    this.#tell = tell;
  }

  /** @throws whatever `step` fails with when it is over, or is no trouble of Redis. */
  async with<T>(step: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const value = await step();
        this.#told = undefined;
        return value;
      } catch (error) {
        if (this.#isOver() || !isTrouble(error)) throw error;
        this.#say(error);
        await this.#clock.sleep(TRIES_AFTER_MS);
      }
    }
  }

  #say({ message }: Error): void {
    if (message === this.#told) return;
    this.#told = message;
    this.#tell?.(`Redis: ${message}; trying again`);
  }
}

/** Errors of our own and of programming come again; those of a connection or a server that is busy pass. */
function isTrouble(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof BideError) && !isBug(error);
}

function isBug(error: Error): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
}
