import { objectOf, shown, wholeNumber } from "./checks.js";
import { parseShare, parseTime } from "./duration.js";
import { mixSeed, seededRandom } from "./hash.js";

/** Faults that answer with an error in place of the answer. */
export const STATUS_FAULTS = ["408", "409", "500", "502", "503", "504", "529", "slow-down", "error-200"] as const;
/** Faults of the connection, for every kind of answer. */
export const CONNECTION_FAULTS = ["refuse", "reset", "reset-body", "stall", "stall-body", "truncate"] as const;
/** Faults that only a stream can have; a request for one piece of JSON is spared. */
export const STREAM_FAULTS = [
  "stall-comments",
  "error-frame",
  "no-done",
  "malformed-chunk",
  "split-utf8",
  "empty-choices",
  "duplicate-usage",
] as const;

/** What may go wrong; `docs/emulator.md` tells what each one does. */
export type FaultKind =
  | (typeof STATUS_FAULTS)[number]
  | (typeof CONNECTION_FAULTS)[number]
  | (typeof STREAM_FAULTS)[number];

/** A kind of fault and how often it happens. */
export interface Fault {
  readonly kind: FaultKind;
  /** Share of admitted requests, 0 to 1. The shares of several faults add up. @default 1 */
  readonly share?: number;
  /** The content chunk, counted from 0, before which a stream breaks. @default one chosen by the seed */
  readonly chunk?: number;
  /** Only the first so many admitted attempts of each request can be hit. @default Infinity */
  readonly attempts?: number;
}

/** A span of time in which requests fail. */
export interface BrownOut {
  /** Counted from the start, from the last reset, or from the scenario's start. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly fault: Fault;
}

/** A fault that hits one request. */
export interface Strike {
  readonly kind: FaultKind;
  /** The content chunk before which the stream breaks, for a stream of `chunks` content chunks. */
  chunkOf(chunks: number): number;
}

/** Which fault, if any, hits this attempt of a request: always the same one for the same seed, hash and attempt. */
export function strike(
  faults: readonly Fault[],
  request: { readonly hash: string; readonly attempt: number; readonly stream: boolean },
  seed: number,
): Strike | undefined {
  if (faults.length === 0) return undefined;
  const random = seededRandom(mixSeed(request.hash, request.attempt, seed, 0xfa));
  let drawn = random();
  for (const fault of faults) {
    if (request.attempt > (fault.attempts ?? Number.POSITIVE_INFINITY)) continue;
    if (!request.stream && isStreamFault(fault.kind)) continue;
    drawn -= fault.share ?? 1;
    if (drawn >= 0) continue;
    const place = random();
    return { kind: fault.kind, chunkOf: (chunks) => fault.chunk ?? Math.floor(place * chunks) };
  }
  return undefined;
}

/** Reads `kind`, `kind:2%`, `kind@3:2%` (before content chunk 3), `kind:100%:2` (the first two attempts of each request), or checks an object. */
export function parseFault(value: unknown): Fault {
  if (typeof value === "object" && value !== null) return faultOf(value);
  const text = typeof value === "string" ? value.trim() : "";
  const [, kind, chunk, share, attempts] = /^([a-z0-9-]+)(?:@(\d+))?(?::([\d.]+%?))?(?::(\d+))?$/.exec(text) ?? [];
  if (!isFaultKind(kind)) throw noFault(value);
  return faultOf({
    kind,
    share,
    chunk: chunk === undefined ? undefined : Number(chunk),
    attempts: attempts === undefined ? undefined : Number(attempts),
  });
}

function faultOf(value: object): Fault {
  const { kind, share, chunk, attempts } = objectOf(value, "fault", ["kind", "share", "chunk", "attempts"]);
  if (!isFaultKind(kind)) throw noFault(kind);
  return {
    kind,
    share: share === undefined ? 1 : parseShare(share, `share of fault ${kind}`),
    ...(chunk === undefined ? {} : { chunk: wholeNumber(chunk, `chunk of fault ${kind}`, 0) }),
    ...(attempts === undefined ? {} : { attempts: wholeNumber(attempts, `attempts of fault ${kind}`) }),
  };
}

function noFault(value: unknown): TypeError {
  return new TypeError(`expected a fault such as "reset:2%", got ${shown(value)}; the kinds are ${KINDS.join(", ")}`);
}

/** A brown-out from readable parts, for instance `{ from: "10s", to: "20s", fault: "503:80%" }`. */
export function parseBrownOut(value: unknown, name: string): BrownOut {
  const { from, to, fault } = objectOf(value, name, ["from", "to", "fault"]);
  const span = { fromMs: parseTime(from, `${name}.from`), toMs: parseTime(to, `${name}.to`) };
  if (span.toMs <= span.fromMs) {
    throw new TypeError(`expected \`${name}\` to end after it starts, got ${String(from)} to ${String(to)}`);
  }
  return { ...span, fault: parseFault(fault) };
}

const KINDS: readonly string[] = [...STATUS_FAULTS, ...CONNECTION_FAULTS, ...STREAM_FAULTS];

function isFaultKind(value: unknown): value is FaultKind {
  return typeof value === "string" && KINDS.includes(value);
}

/** Whether this fault stands in place of an answer, so that nothing was produced. */
export function isStatusFault(kind: FaultKind): boolean {
  const known: readonly FaultKind[] = STATUS_FAULTS;
  return known.includes(kind);
}

function isStreamFault(kind: FaultKind): boolean {
  const known: readonly FaultKind[] = STREAM_FAULTS;
  return known.includes(kind);
}
