import { parseObject, textOf } from "./json.js";
import type { LogEntry } from "./log.js";
import type { EndpointOptions } from "./options.js";
import type { Reply, WireRequest } from "./reply.js";
import { parseScenario } from "./scenario.js";
import type { EmulatorStats } from "./stats.js";

/** What the admin routes steer. */
export interface Steered {
  log(): readonly LogEntry[];
  stats(): EmulatorStats;
  reset(): void;
  scenario(scenario: EndpointOptions): void;
  nowMs(): number;
}

/** The reply to `/__admin/{reset,scenario,stats,log}`. Such requests are neither limited nor logged. */
export function adminReply(endpoint: Steered, request: WireRequest): Reply {
  const [path = "", query = ""] = request.target.split("?");
  try {
    switch (`${request.method} ${path}`) {
      case "POST /__admin/reset":
        endpoint.reset();
        return jsonReply(endpoint, 200, { ok: true });
      case "POST /__admin/scenario":
        endpoint.scenario(parseScenario(parseObject(textOf(request.body))));
        return jsonReply(endpoint, 200, { ok: true });
      case "GET /__admin/stats":
      case "POST /__admin/stats":
        return jsonReply(endpoint, 200, endpoint.stats());
      case "GET /__admin/log":
        return jsonReply(endpoint, 200, { entries: selected(endpoint.log(), new URLSearchParams(query)) });
      default:
        return jsonReply(endpoint, 404, { error: { message: `Invalid URL (${request.method} ${path})` } });
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return jsonReply(endpoint, 400, { error: { message } });
  }
}

/** The entries after number `after`, at most `limit` of them. */
function selected(entries: readonly LogEntry[], query: URLSearchParams): readonly LogEntry[] {
  const after = Number(query.get("after") ?? 0);
  const limit = Number(query.get("limit") ?? Number.POSITIVE_INFINITY);
  return entries.filter(({ number }) => number > after).slice(0, limit);
}

function jsonReply(endpoint: Steered, status: number, body: unknown): Reply {
  return {
    head: "end",
    headAtMs: 0,
    status,
    headers: { "content-type": "application/json" },
    parts: [{ atMs: 0, data: JSON.stringify(body) }],
    ending: "end",
    arrivedAtMs: endpoint.nowMs(),
    finish: () => undefined,
  };
}
