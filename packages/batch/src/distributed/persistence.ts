import type { Redis } from "ioredis";

/**
 * What this Redis may lose, in sentences for people; nothing when all is well. A batch survives the loss of everything in
 * Redis, as its journal is the truth: what Redis loses is sent once more.
 */
export async function persistenceWarnings(redis: Redis): Promise<readonly string[]> {
  const settings = await settingsOf(redis);
  if (settings === undefined) {
    return ["Redis does not tell its settings; run it with `appendonly yes` and `maxmemory-policy noeviction`"];
  }
  const { appendonly, save = "", "maxmemory-policy": policy, maxmemory } = settings;
  const warnings: string[] = [];
  if (appendonly !== "yes") {
    const what = save === "" ? "keeps nothing on disk" : "keeps only snapshots on disk";
    warnings.push(
      `Redis ${what}: after its restart, requests that were done since are sent again (set \`appendonly yes\`)`,
    );
  }
  if (policy !== "noeviction" && maxmemory !== "0") {
    warnings.push(`Redis drops jobs when its memory is full (\`maxmemory-policy ${policy}\`; set it to noeviction)`);
  }
  return warnings;
}

async function settingsOf(redis: Redis): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const names = ["appendonly", "save", "maxmemory-policy", "maxmemory"];
    const pairs = await Promise.all(names.map(async (name) => (await redis.config("GET", name)) as unknown));
    return Object.fromEntries(pairs.filter(isPair));
  } catch {
    // Hosted servers often refuse CONFIG.
    return undefined;
  }
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string");
}
