import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BatchSummary } from "../src/index.js";
import { bundled } from "./bundle.js";
import { ended, killed } from "./children.js";
import { idsTo, World } from "./distributed-world.js";

const SECONDS = Number(process.env["BIDE_CHAOS_SECONDS"] ?? 30);
const WORKERS = 8;
/** Requests that one worker has under way at once; each takes a second. */
const AT_ONCE = 8;
/** Not to be done before all that happens has happened, whatever the workers can do. */
const ITEMS = Math.round(WORKERS * AT_ONCE * SECONDS * 0.75);
const SEED = 11;

let world: World;
let scripts: readonly string[];

beforeAll(async () => {
  const path = (name: string): string => fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  scripts = await Promise.all(["chaos-worker", "chaos-coordinator"].map((name) => bundled(path(name), name)));
  world = await World.make({ latency: "1s", faults: ["500:1%"], seed: SEED, logLimit: 10 * ITEMS }, [
    "--appendonly",
    "yes",
    "--save",
    "",
  ]);
}, 30_000);
afterAll(async () => {
  // Also where the test failed half-way: nobody else ends them, and nobody may start more.
  isOver = true;
  await Promise.all([...children].map(killed));
  await world.close();
  for (const script of scripts) rmSync(script);
});

const children = new Set<ChildProcess>();
let isOver = false;

function start(script: string | undefined, ...args: readonly string[]): ChildProcess {
  if (isOver) throw new Error("the test is over");
  const child = spawn(process.execPath, [script ?? "", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** Numbers in [0, 1), the same ones for the same seed. */
function* chances(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** A worker's process, and when it can be asked to end. */
interface Started {
  readonly child: ChildProcess;
  readonly ready: Promise<unknown>;
}

/** Eight workers; whoever is killed is replaced. */
class Workers {
  #count = 0;
  #kills = 0;
  readonly #started: Started[] = Array.from({ length: WORKERS }, () => this.#start());
  readonly #chance = chances(SEED);

  get kills(): number {
    return this.#kills;
  }

  async killOne(): Promise<void> {
    const slot = Math.floor(this.#chance.next().value * WORKERS);
    const before = this.#started[slot];
    this.#started[slot] = this.#start();
    this.#kills++;
    if (before !== undefined) await killed(before.child);
  }

  /** Ends them as an operator does. @returns Their exit codes. */
  async end(): Promise<readonly (number | null)[]> {
    await Promise.all(this.#started.map(({ ready }) => ready));
    for (const { child } of this.#started) child.kill("SIGTERM");
    return Promise.all(this.#started.map(({ child }) => ended(child)));
  }

  #start(): Started {
    const child = start(scripts[0], world.server.url, world.emulator.baseUrl, `worker-${this.#count++}`);
    return { child, ready: new Promise((resolve) => child.stdout?.once("data", resolve)) };
  }
}

/** The coordinator; when it is killed it is started again. */
class Coordinator {
  readonly #args: readonly string[];
  /** When each result was acknowledged, by how many requests had arrived then. */
  readonly acknowledged = new Map<string, number>();
  readonly summary: Promise<BatchSummary>;
  #kills = 0;
  #child: ChildProcess;
  #done: (summary: BatchSummary) => void = () => undefined;

  constructor(input: string) {
    this.#args = [world.server.url, input, world.output, "256"];
    this.summary = new Promise((resolve) => {
      this.#done = resolve;
    });
    this.#child = this.#start();
  }

  get kills(): number {
    return this.#kills;
  }

  async kill(): Promise<void> {
    this.#kills++;
    await killed(this.#child);
    this.#child = this.#start();
  }

  #start(): ChildProcess {
    const child = start(scripts[1], ...this.#args);
    let rest = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#hear(line);
    });
    return child;
  }

  #hear(line: string): void {
    if (line.startsWith("summary ")) this.#done(JSON.parse(line.slice("summary ".length)));
    else this.acknowledged.set(line, world.emulator.stats().arrivals);
  }
}

const second = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000));

test(`${SECONDS} s of kills lose nothing and write nothing twice`, { timeout: SECONDS * 3000 + 60_000 }, async () => {
  const workers = new Workers();
  const coordinator = new Coordinator(world.input(ITEMS));
  const third = Math.floor(SECONDS / 3);
  for (let now = 1; now <= SECONDS; now++) {
    await second();
    await workers.killOne();
    if (now === third || now === 2 * third) await coordinator.kill();
    if (now === Math.floor(SECONDS / 2)) {
      await world.server.kill();
      await world.server.restart();
    }
  }
  const summary = await coordinator.summary;

  expect(summary).toMatchObject({ total: ITEMS, succeeded: ITEMS, failed: 0, open: 0 });
  expect(world.idsInOutput()).toEqual(idsTo(ITEMS));
  expect([workers.kills, coordinator.kills]).toEqual([SECONDS, 2]);

  const log = world.emulator.log();
  // With who sent it, and as the how manieth request: for whoever has to find out why.
  const sentAgain = log.flatMap(({ userTag = "", customId, number }) => {
    const acknowledged = coordinator.acknowledged.get(userTag) ?? Infinity;
    return number > acknowledged ? [`${userTag} by ${customId}, ${number} > ${acknowledged}`] : [];
  });
  expect(sentAgain).toEqual([]);
  const answered = log.filter(({ verdict, completedAtMs }) => verdict === "answered" && completedAtMs !== undefined);
  const repeated = answered.length - ITEMS;
  console.info(`${ITEMS} requests, ${workers.kills} workers killed, ${repeated} answers paid twice`);
  expect(repeated).toBeLessThanOrEqual((workers.kills + WORKERS) * AT_ONCE);

  expect(await workers.end()).toEqual(Array(WORKERS).fill(0));
  // Who was killed could not say goodbye, and is forgotten 15 s later; the engine's mark of its last look ends sooner.
  const left = (await world.keys()).filter((key) => !/about-worker:|:workers$|:stalled-check$/.test(key));
  expect([left, await world.lastingKeys()]).toEqual([[], []]);
});
