// From the log of the server to the figures of one run.
import { BURST, IN_FLIGHT, PER_SECOND, TOKENS } from "./scenarios.mjs";

/**
 * What one run shows: `requests` were to be done, `client` says how its callers fared.
 *
 * `wayMs`: an answer and the next request take so long together. Nobody knows sooner that a place in flight is free.
 */
export function figuresOf({ all, timeOrigin }, { boundBy, tenantSpan, wayMs = 0 }, requests, client) {
  const mine = all.filter(({ isTenant }) => !isTenant);
  const answered = mine.filter(({ status, completedAtMs }) => status === 200 && completedAtMs !== undefined);
  const refused = mine.filter(({ status }) => status === 429).length;
  const lastAnswerMs = Math.max(...answered.map(({ completedAtMs }) => completedAtMs));
  const makespanMs = lastAnswerMs - mine[0].atMs;
  const last = answered.reduce((latest, entry) => (entry.atMs > latest.atMs ? entry : latest), answered[0]);
  const boundMs = boundBy === "latency" ? shortestSchedule(answered, wayMs) : boundOf(boundBy, answered, last);
  const isWhole = client.done === requests;
  return {
    succeeded: client.done,
    refusedPerSuccess: refused / Math.max(1, client.done),
    // A run that lost requests had less to do: its time says nothing.
    ratio: isWhole ? makespanMs / boundMs : Number.NaN,
    seconds: makespanMs / 1000,
    used: tenantSpan ? leftUsed(all, tenantSpan) : usedOf(boundBy, answered, makespanMs),
    cpuMs: (client.cpuMs * 10_000) / requests,
    rssMb: client.rssMb,
    errors: client.errors,
    delays: delaysOf(mine, timeOrigin),
  };
}

/** The least time that these requests can take: what is over the burst comes in at the rate, and the last has to be answered. */
function boundOf(boundBy, answered, last) {
  const amount =
    boundBy === "tokens" ? answered.reduce((sum, { costTokens }) => sum + costTokens, 0) / TOKENS : answered.length;
  return (Math.max(0, amount - BURST) / PER_SECOND) * 1000 + last.completedAtMs - last.atMs;
}

/** The places taken again as soon as they are known to be free. */
function shortestSchedule(answered, wayMs) {
  const ends = new Array(IN_FLIGHT).fill(0);
  for (const { atMs, completedAtMs } of answered) {
    const first = ends.indexOf(Math.min(...ends));
    ends[first] += completedAtMs - atMs + wayMs;
  }
  return Math.max(...ends) - wayMs;
}

/** How much of what the limit offered until the last admission was used. */
function usedOf(boundBy, answered, makespanMs) {
  if (boundBy === "latency") {
    const busyMs = answered.reduce((sum, { atMs, completedAtMs }) => sum + completedAtMs - atMs, 0);
    return busyMs / (IN_FLIGHT * makespanMs);
  }
  const spanMs = Math.max(...answered.map(({ atMs }) => atMs)) - answered[0].atMs;
  return answered.length / (BURST + (spanMs * PER_SECOND) / 1000);
}

/** While another tenant spends from the same purse: of what he left, how much was used. */
function leftUsed(all, [fromMs, toMs]) {
  const admitted = all.filter(({ atMs, status }) => status === 200 && atMs >= fromMs && atMs < toMs);
  const theirs = admitted.filter(({ isTenant }) => isTenant).length;
  return (admitted.length - theirs) / (((toMs - fromMs) * PER_SECOND) / 1000 - theirs);
}

/** By how much later the slowest reached the server than the fastest: of those in the first second, and of 99 % of all others. */
function delaysOf(mine, timeOrigin) {
  const stamped = mine.filter(({ sentAt }) => sentAt !== undefined);
  if (stamped.length === 0) return undefined;
  const delayOf = ({ atMs, sentAt }) => timeOrigin + atMs - Number(sentAt);
  const isFirst = ({ atMs }) => atMs < mine[0].atMs + 1000;
  const later = stamped
    .filter((entry) => !isFirst(entry))
    .map(delayOf)
    .sort((a, b) => a - b);
  const leastMs = Math.min(...stamped.map(delayOf));
  const p99Ms = (later[Math.floor(0.99 * (later.length - 1))] ?? leastMs) - leastMs;
  return { p99Ms, spreadMs: Math.max(...stamped.filter(isFirst).map(delayOf)) - leastMs };
}
