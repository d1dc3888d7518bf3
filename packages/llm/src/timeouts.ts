import type { Duration } from "bide";
import { checkKeys, optionError, toMs } from "bide/kit";

/** How long each part of a request may take. A part that takes longer is a failure like any other: it is retried. */
export interface Timeouts {
  /**
   * From sending to a connection, its TLS included. Seen with Node's own fetch alone, which gives up after 10 s by itself;
   * elsewhere `headers` bounds it. @default Infinity
   */
  readonly connect?: Duration | undefined;
  /** From sending to the response's headers. A whole answer has its headers when it is done. @default Infinity */
  readonly headers?: Duration | undefined;
  /** From the headers of a stream to the first event that brings something of the answer. @default Infinity */
  readonly firstEvent?: Duration | undefined;
  /** From event to event of a stream; comments are none, and time that the reader takes does not count. @default "2m" */
  readonly betweenEvents?: Duration | undefined;
}

/** {@link Timeouts} in milliseconds. */
export interface TimeoutsMs {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly firstEventMs: number;
  readonly betweenEventsMs: number;
}

/** The defaults of {@link Timeouts}. */
export const TIMEOUT_DEFAULTS: {
  readonly connect: number;
  readonly headers: number;
  readonly firstEvent: number;
  readonly betweenEvents: "2m";
} = Object.freeze({
  connect: Number.POSITIVE_INFINITY,
  headers: Number.POSITIVE_INFINITY,
  firstEvent: Number.POSITIVE_INFINITY,
  betweenEvents: "2m",
});

/** @throws OptionError for one that is unknown, no duration, or 0. */
export function timeoutsOf(timeouts: Timeouts = {}): TimeoutsMs {
  checkKeys(timeouts, Object.keys(TIMEOUT_DEFAULTS), "timeouts");
  return {
    connectMs: positiveMs(timeouts.connect ?? TIMEOUT_DEFAULTS.connect, "timeouts.connect"),
    headersMs: positiveMs(timeouts.headers ?? TIMEOUT_DEFAULTS.headers, "timeouts.headers"),
    firstEventMs: positiveMs(timeouts.firstEvent ?? TIMEOUT_DEFAULTS.firstEvent, "timeouts.firstEvent"),
    betweenEventsMs: positiveMs(timeouts.betweenEvents ?? TIMEOUT_DEFAULTS.betweenEvents, "timeouts.betweenEvents"),
  };
}

/** @throws OptionError for what is no duration, or 0. */
export function positiveMs(value: Duration, option: string): number {
  const ms = toMs(value, option);
  if (ms === 0) throw optionError(option, "a duration > 0", value);
  return ms;
}
