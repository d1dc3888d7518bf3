import { randomUUID } from "node:crypto";
import { Cluster, Redis } from "ioredis";
import { createClient, createCluster } from "redis";
import { redisUrl, startCluster } from "../../../scripts/redis.mjs";
import type { IoredisClient, RedisClient } from "../src/index.js";

/** A client for tests, what looks at its keys, and what ends it. */
export interface Connected {
  readonly client: RedisClient;
  /** All keys that begin so, on all nodes. */
  keys(prefix: string): Promise<readonly string[]>;
  /** One command to the node that keeps the key. */
  command(name: string, key: string, ...rest: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

/** A prefix that no other test uses. */
export function ownPrefix(): string {
  return `bide-test-${randomUUID()}:`;
}

export async function connectIoredis(url?: string): Promise<Connected> {
  const client = new Redis(url ?? (await redisUrl()), { lazyConnect: true });
  client.on("error", () => undefined);
  await client.connect();
  return {
    client,
    keys: (prefix) => client.keys(`${prefix}*`),
    command: (name, key, ...rest) => client.call(name, key, ...rest),
    close: async () => client.disconnect(),
  };
}

export async function connectNodeRedis(url?: string): Promise<Connected> {
  const client = createClient({ url: url ?? (await redisUrl()) });
  client.on("error", () => undefined);
  await client.connect();
  return {
    client,
    keys: (prefix) => client.keys(`${prefix}*`),
    command: (name, key, ...rest) => client.sendCommand([name, key, ...rest]),
    close: async () => client.destroy(),
  };
}

/** Three nodes, and a client of each library for them. */
export async function connectClusters(): Promise<{
  readonly ioredis: Connected;
  readonly nodeRedis: Connected;
  stop(): Promise<void>;
}> {
  const { nodes, stop } = await startCluster();
  const ioredis = new Cluster([...nodes]);
  const nodeRedis = createCluster({ rootNodes: nodes.map(({ host, port }) => ({ url: `redis://${host}:${port}` })) });
  nodeRedis.on("error", () => undefined);
  await nodeRedis.connect();
  const keys = async (prefix: string): Promise<readonly string[]> => {
    const found = await Promise.all(ioredis.nodes("master").map((node) => node.keys(`${prefix}*`)));
    return found.flat();
  };
  const command: Connected["command"] = (name, key, ...rest) => ioredis.call(name, key, ...rest);
  const nothing = async (): Promise<void> => undefined;
  return {
    ioredis: { client: ioredis, keys, command, close: nothing },
    nodeRedis: { client: nodeRedis, keys, command, close: nothing },
    stop: async () => {
      ioredis.disconnect();
      nodeRedis.destroy();
      await stop();
    },
  };
}

/** Deletes what begins so. */
export async function clear({ keys, command }: Connected, prefix: string): Promise<void> {
  for (const key of await keys(prefix)) await command("DEL", key);
}

/**
 * A client under which the server's time is what `nowMs` says: each script is told it in place of asking for it. What the
 * scripts do is theirs; only their clock is turned.
 */
export function withServerTime(client: RedisClient, nowMs: () => number): IoredisClient {
  const time = (): readonly string[] => {
    const seconds = Math.floor(nowMs() / 1000);
    return [String(seconds), String((nowMs() - seconds * 1000) * 1000)];
  };
  return {
    evalsha: () => Promise.reject(new Error("NOSCRIPT: its clock is to be turned first")),
    eval: (script, keyCount, ...rest) => {
      const turned = script.replace("redis.call('TIME')", "{ ARGV[#ARGV - 1], ARGV[#ARGV] }");
      const values = [...rest.slice(keyCount), ...time()];
      return "evalsha" in client
        ? client.eval(turned, keyCount, ...rest.slice(0, keyCount), ...values)
        : client.eval(turned, { keys: rest.slice(0, keyCount), arguments: values });
    },
  };
}
