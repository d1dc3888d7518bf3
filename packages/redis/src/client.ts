/** What is used of a `Redis` or `Cluster` of ioredis. */
export interface IoredisClient {
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** What is used of a client or cluster of `redis` (node-redis). */
export interface NodeRedisClient {
  evalSha(sha1: string, call: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, call: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/**
 * A connected client of ioredis or node-redis, for one server or a cluster. It stays yours: the stores neither connect nor
 * close it. They wait for no answer longer than their own `timeout`, whatever the client does while it reconnects.
 */
export type RedisClient = IoredisClient | NodeRedisClient;

/** Runs a script by the hash of its text. */
export function evaluateHash(
  client: RedisClient,
  sha1: string,
  keys: readonly string[],
  values: readonly string[],
): Promise<unknown> {
  return "evalsha" in client
    ? client.evalsha(sha1, keys.length, ...keys, ...values)
    : client.evalSha(sha1, { keys: [...keys], arguments: [...values] });
}

/** Runs a script by its text. */
export function evaluateText(
  client: RedisClient,
  script: string,
  keys: readonly string[],
  values: readonly string[],
): Promise<unknown> {
  return "evalsha" in client
    ? client.eval(script, keys.length, ...keys, ...values)
    : client.eval(script, { keys: [...keys], arguments: [...values] });
}
