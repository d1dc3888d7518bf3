import { isObject, type JsonObject } from "./json.js";
import type { OpenLogEntry } from "./log.js";
import type { EmulatorModel } from "./model/model.js";
import type { WireRequest } from "./reply.js";

/** How a caller named its request, where it did. */
export function namesOf(request: WireRequest, body: JsonObject): Pick<OpenLogEntry, "customId" | "userTag"> {
  const metadata = body["metadata"];
  const customId = (isObject(metadata) ? metadata["custom_id"] : undefined) ?? request.header("x-custom-id");
  const userTag = body["user"];
  return {
    ...(typeof customId === "string" ? { customId } : {}),
    ...(typeof userTag === "string" ? { userTag } : {}),
  };
}

/** What is left of each limit that applies to a (key, model); an organisation's limits are marked so. */
export function levelsOf(
  model: EmulatorModel,
  key: string,
  name: string,
  atMs: number,
): Readonly<Record<string, number>> {
  const nowMs = Math.floor(atMs);
  const levels: Record<string, number> = {};
  const { project, organization } = model.limiters(key, name);
  project.eachMeter((dimension, meter) => {
    levels[dimension] = meter.level(nowMs);
  });
  organization.eachMeter((dimension, meter) => {
    levels[`organization.${dimension}`] = meter.level(nowMs);
  });
  return levels;
}
