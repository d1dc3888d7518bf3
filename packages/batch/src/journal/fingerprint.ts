import { hash } from "node:crypto";
import type { BatchRequest } from "../formats/batch-request.js";

/**
 * Tells whether a request is the one that was answered: equal for an equal `custom_id`, endpoint, body and `settings` (the
 * options that change what is sent). The layout of the line does not matter, the order of the body's fields does.
 */
export function fingerprintOf({ customId, url, body }: BatchRequest, settings: string): Buffer {
  return hash("sha256", JSON.stringify([customId, url, body, settings]), "buffer").subarray(0, 16);
}
