/** The numbers of an adaptive limit. */
export interface AimdRules {
  readonly min: number;
  readonly max: number;
  /** What is left of the limit after a cut; > 0 and < 1. */
  readonly backoffRatio: number;
}

/** An adaptive limit at a moment. */
export interface AimdState {
  /** May be a fraction; so many calls as its integer part may run. */
  readonly limit: number;
  /** How often it was cut. A call remembers the one it began in, and so the episode that its failure belongs to. */
  readonly episode: number;
}

/** How a call ended, as far as a limit cares. */
export type CallEnd = "success" | "overload" | "other";

/**
 * Additive increase, multiplicative decrease: a success adds `1 / limit`, so a whole call for each round of calls, and an
 * overload takes a tenth, once per episode: what began before the last cut failed under the limit that was cut already.
 *
 * @param inFlight Calls that ran when this one ended, itself included. A limit that is less than half used is not raised:
 * the calls say nothing of whether there is room for more.
 * @see Chiu and Jain, "Analysis of the increase and decrease algorithms", 1989; RFC 5681; RFC 7661 (unused windows).
 */
export function adapted(
  state: AimdState,
  end: CallEnd,
  call: { episode: number; inFlight: number },
  rules: AimdRules,
): AimdState {
  const { limit, episode } = state;
  if (end === "success" && call.inFlight * 2 >= Math.floor(limit)) {
    return { limit: Math.min(rules.max, limit + 1 / limit), episode };
  }
  if (end !== "overload" || call.episode !== episode) return state;
  return { limit: Math.max(rules.min, limit * rules.backoffRatio), episode: episode + 1 };
}
