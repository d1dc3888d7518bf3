import type { Redis } from "ioredis";

/** Tells a Redis from one that has taken its place: after a restart or a failover it is another one, and may have forgotten. */
export class ServerIdentity {
  readonly #redis: Redis;
  #id: Promise<string> | undefined;

  constructor(redis: Redis) {
    this.#redis = redis;
    // Heard before the first answer of the new one.
    redis.on("ready", () => {
      this.#id = undefined;
    });
  }

  /** Asked for once for each connection; "" where Redis does not tell, which hides every change. */
  id(): Promise<string> {
    this.#id ??= this.#ask();
    return this.#id;
  }

  async #ask(): Promise<string> {
    try {
      return /^run_id:(\w+)/m.exec(await this.#redis.info("server"))?.[1] ?? "";
    } catch {
      return "";
    }
  }
}

/**
 * Vouches for a Redis: it remembers nothing as open that is done. One that restarted, or took over, may; nobody sends by it
 * until it was put right.
 */
export class Voucher {
  readonly #identity: ServerIdentity;
  #server = "";

  constructor(redis: Redis) {
    this.#identity = new ServerIdentity(redis);
  }

  /** The Redis that it last vouched for; none: "". */
  get server(): string {
    return this.#server;
  }

  /** An earlier coordinator vouched for this one. */
  goOnWith(server: string): void {
    this.#server = server;
  }

  /** Has another Redis put right, and vouches for it. @returns Whether it was another one. */
  async vouch(putRight: () => Promise<void>): Promise<boolean> {
    const server = await this.#identity.id();
    if (server === this.#server) return false;
    await putRight();
    this.#server = server;
    return true;
  }
}
