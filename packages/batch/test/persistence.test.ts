import { afterEach, describe, expect, test } from "vitest";
import { RedisGoneError } from "../src/distributed.js";
import { World } from "./distributed-world.js";

let world: World | undefined;
afterEach(() => world?.close());

/** The sentences that a run begins with, over a Redis with these settings. */
async function warnings(...config: readonly string[]): Promise<readonly string[]> {
  world = await World.make({}, config);
  const said: string[] = [];
  const cut = AbortSignal.abort();
  await world.run(world.input(1), { signal: cut, onWarning: (sentence) => said.push(sentence) });
  return said;
}

describe("at its start a run says of a Redis", () => {
  test.each([
    ["that keeps nothing", ["--save", "", "--appendonly", "no"], [/keeps nothing on disk.*appendonly yes/]],
    ["that keeps snapshots", ["--save", "60 1", "--appendonly", "no"], [/keeps only snapshots on disk/]],
    [
      "that evicts",
      ["--appendonly", "yes", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"],
      [/drops jobs when its memory is full.*allkeys-lru/],
    ],
    ["that forgets nothing", ["--appendonly", "yes"], []],
    ["that tells nothing", ["--rename-command", "CONFIG", ""], [/does not tell its settings/]],
  ])("%s what may be lost", async (_, config, expected) => {
    expect(await warnings(...config)).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  test("that wants a password, that it refuses", async () => {
    await expect(warnings("--requirepass", "open sesame")).rejects.toThrow(RedisGoneError);
  });
});
