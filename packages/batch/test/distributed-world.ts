import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Emulator, type EmulatorOptions, startEmulator } from "@bide/emulator";
import { Redis } from "ioredis";
import { type OwnRedis, startRedis } from "../../../scripts/redis.mjs";
import {
  type DistributedOptions,
  type DistributedWorker,
  runDistributed,
  startWorker,
  type WorkerOptions,
} from "../src/distributed.js";
import type { BatchSummary } from "../src/index.js";

/** A Redis, an endpoint, a folder, and the workers that were started: all of a distributed batch in one process. */
export class World {
  readonly server: OwnRedis;
  readonly emulator: Emulator;
  readonly folder: string = mkdtempSync(join(tmpdir(), "bide-distributed-"));
  #workers: DistributedWorker[] = [];

  static async make(emulator: EmulatorOptions, config?: readonly string[]): Promise<World> {
    const server = await startRedis(config && { config });
    try {
      return new World(server, await startEmulator(emulator));
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  private constructor(server: OwnRedis, emulator: Emulator) {
    this.server = server;
    this.emulator = emulator;
  }

  get output(): string {
    return join(this.folder, "results.jsonl");
  }

  worker(options: Partial<WorkerOptions> = {}): DistributedWorker {
    const { server, emulator } = this;
    const name = `worker-${this.#workers.length}`;
    const made = startWorker({ redis: server.url, baseUrl: emulator.baseUrl, name, ...options });
    this.#workers.push(made);
    return made;
  }

  /** Writes a file of so many requests, `id-0` and on. */
  input(items: number, more: Readonly<Record<string, unknown>> = {}): string {
    const path = join(this.folder, "prompts.jsonl");
    const lines = Array.from({ length: items }, (_, index) => {
      const body = {
        model: "emu",
        messages: [{ role: "user", content: `Question ${index}` }],
        user: `id-${index}`,
        ...more,
      };
      return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body });
    });
    writeFileSync(path, lines.join("\n"));
    return path;
  }

  run(input: string, options: Partial<DistributedOptions> = {}): Promise<BatchSummary> {
    return runDistributed({ redis: this.server.url, input, output: this.output, ...options });
  }

  idsInOutput(): readonly string[] {
    const lines = readFileSync(this.output, "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line).custom_id);
  }

  async withRedis<T>(look: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.server.url);
    try {
      return await look(redis);
    } finally {
      redis.disconnect();
    }
  }

  keys(): Promise<readonly string[]> {
    return this.withRedis((redis) => redis.keys("*"));
  }

  /** The keys that have no end. */
  lastingKeys(): Promise<readonly string[]> {
    return this.withRedis(async (redis) => {
      const keys = await redis.keys("*");
      const ends = await Promise.all(keys.map((key) => redis.pttl(key)));
      return keys.filter((_, index) => ends[index] === -1);
    });
  }

  /** Ends the workers and forgets what is in Redis and in the folder. */
  async clear(): Promise<void> {
    await this.#abandonWorkers();
    await this.withRedis((redis) => redis.flushall());
    for (const end of ["", ".bide", ".bide.lock", ".bide-wal", ".bide-shm"]) rmSync(this.output + end, { force: true });
  }

  /** Ends all of it, each also where another could not be ended. */
  async close(): Promise<void> {
    const ends = await Promise.allSettled([this.#abandonWorkers(), this.emulator.close(), this.server.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  async #abandonWorkers(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.abandon()));
  }
}

/** `id-0` and on. */
export function idsTo(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `id-${index}`);
}
