import type { LaneState } from "@bide/llm";
import { isObject, parsedJson } from "../formats/json.js";
import type { Facts, Told } from "./registry.js";

/** The lanes of a worker's quota as a fact. */
export function lanesText(lanes: readonly LaneState[]): string {
  return JSON.stringify(lanes);
}

/**
 * The lanes of all workers: buckets as the worker knows them that spoke last, queues and places summed up. Lanes of one key
 * and model are one lane where workers share a quota.
 */
export function lanesOf(workers: readonly Told[]): readonly LaneState[] {
  const lanes = new Map<string, LaneState>();
  for (const { facts } of [...workers].sort((a, b) => b.silentMs - a.silentMs)) {
    for (const lane of lanesIn(facts)) {
      const id = `${lane.keyId} ${lane.model}`;
      lanes.set(id, summed(lane, lanes.get(id)));
    }
  }
  return [...lanes.values()];
}

function summed(lane: LaneState, before: LaneState | undefined): LaneState {
  if (before === undefined) return lane;
  return {
    ...lane,
    inFlight: lane.inFlight + before.inFlight,
    mostInFlight: lane.mostInFlight + before.mostInFlight,
    queueLength: lane.queueLength + before.queueLength,
    drainMs: Math.max(lane.drainMs, before.drainMs),
  };
}

/** What a worker told; nothing where that is not what a worker of this version tells. */
function lanesIn(facts: Facts): readonly LaneState[] {
  const lanes = parsedJson(String(facts["lanes"] ?? ""));
  return Array.isArray(lanes) ? lanes.filter(isLane).map(withInfinity) : [];
}

function isLane(value: unknown): value is LaneState {
  return isObject(value) && typeof value["model"] === "string" && isObject(value["currencies"]);
}

/** JSON has no infinity, and writes null in its place. */
function withInfinity(lane: LaneState): LaneState {
  const mostInFlight = (lane.mostInFlight as number | null) ?? Number.POSITIVE_INFINITY;
  return {
    ...lane,
    mostInFlight,
    nextAdmissionMs: (lane.nextAdmissionMs as number | null) ?? Number.POSITIVE_INFINITY,
  };
}
