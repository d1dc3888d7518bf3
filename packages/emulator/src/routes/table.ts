import { chatRoute } from "./chat.js";
import { embeddingsRoute } from "./embeddings.js";
import { arrayGenerateRoute, generateRoute, streamGenerateRoute } from "./gemini.js";
import { messagesRoute } from "./messages.js";
import { responsesRoute } from "./responses.js";
import type { Route } from "./route.js";

/** A route that fits a target, with the parts of the path that its pattern captured. */
export interface FoundRoute {
  readonly route: Route;
  readonly path: readonly string[];
}

/** OpenAI's paths stand under `/v1`, under Azure's `/openai/v1`, and under other providers' prefixes such as `/api/v1`. */
const ROUTES: readonly { readonly pattern: RegExp; readonly route: Route }[] = [
  { pattern: /^(?:\/[a-z]+)?\/v1\/chat\/completions(?:\?|$)/, route: chatRoute },
  { pattern: /^\/openai\/deployments\/([^/?]+)\/chat\/completions(?:\?|$)/, route: chatRoute },
  { pattern: /^(?:\/[a-z]+)?\/v1\/responses(?:\?|$)/, route: responsesRoute },
  { pattern: /^(?:\/[a-z]+)?\/v1\/embeddings(?:\?|$)/, route: embeddingsRoute },
  { pattern: /^\/openai\/deployments\/([^/?]+)\/embeddings(?:\?|$)/, route: embeddingsRoute },
  { pattern: /^\/v1\/messages(?:\?|$)/, route: messagesRoute },
  { pattern: /^\/v1(?:beta)?\/models\/([^/?:]+):generateContent(?:\?|$)/, route: generateRoute },
  {
    pattern: /^\/v1(?:beta)?\/models\/([^/?:]+):streamGenerateContent\?(?:.*&)?alt=sse(?:&|$)/,
    route: streamGenerateRoute,
  },
  { pattern: /^\/v1(?:beta)?\/models\/([^/?:]+):streamGenerateContent(?:\?|$)/, route: arrayGenerateRoute },
];

/** The route of a `POST` to this target, if there is one. */
export function findRoute(target: string): FoundRoute | undefined {
  for (const { pattern, route } of ROUTES) {
    const match = pattern.exec(target);
    if (match !== null) return { route, path: match.slice(1).map(decoded) };
  }
  return undefined;
}

/** A path's part as text; one whose escapes are broken is taken as it stands. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
