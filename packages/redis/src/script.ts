import { createHash } from "node:crypto";
import { evaluateHash, evaluateText, type RedisClient } from "./client.js";

/** A script, sent by its hash, and by its text only to a server that does not know it (any more). */
export class Script {
  readonly #text: string;
  readonly #sha1: string;

  constructor(text: string) {
    this.#text = text;
    this.#sha1 = createHash("sha1").update(text).digest("hex");
  }

  async run(client: RedisClient, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    try {
      return await evaluateHash(client, this.#sha1, keys, values);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return await evaluateText(client, this.#text, keys, values);
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
