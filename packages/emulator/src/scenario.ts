import { checkedOptions, type EndpointOptions } from "./options.js";

/**
 * Reads a scenario: the emulator's options as JSON, as text or parsed, for instance
 * `{"rpm":500,"faults":["reset:2%"],"brownOuts":[{"from":"10s","to":"20s","fault":"503:80%"}],"changes":[{"at":"30s","rpm":100}]}`.
 * Throws `TypeError` naming the field that is wrong or unknown.
 */
export function parseScenario(source: unknown): EndpointOptions {
  return checkedOptions(typeof source === "string" ? parsed(source) : source, "scenario");
}

function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw new TypeError(`expected a scenario to be JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
