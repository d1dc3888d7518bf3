import { sha256 } from "./sha256.js";

const CREDENTIAL_HEADERS = ["authorization", "api-key", "x-api-key", "x-goog-api-key"] as const;
/** The same key spends another purse in another organization or project. */
const PURSE_HEADERS = ["openai-organization", "openai-project"] as const;

const known = new Map<string, string>();
/** Keys that rotate by the minute must not fill the memory. */
const MOST_KNOWN = 1000;

/** Names an account at a host without telling its key: the first 16 hex digits of a SHA-256. */
export function keyIdOf(url: URL, headers: Headers): string {
  const credentials = CREDENTIAL_HEADERS.map((name) => headers.get(name) ?? "");
  const purse = PURSE_HEADERS.map((name) => headers.get(name) ?? "");
  // Most addresses ask for nothing, and taking them apart costs more than all the headers.
  const asked = url.search === "" ? "" : (url.searchParams.get("key") ?? "");
  const secret = [url.host, ...credentials, asked, ...purse].join("\0");
  let id = known.get(secret);
  if (id === undefined) {
    if (known.size >= MOST_KNOWN) known.clear();
    id = sha256(secret).slice(0, 16);
    known.set(secret, id);
  }
  return id;
}
