import type { Cost, Rate, ReserveAnswer } from "bide";
import { RedisAnswerError } from "../errors.js";

/** What the script is asked to do; see the head of `limiter.lua`. `cost` is JSON. */
export type Step =
  | {
      readonly op: "reserve";
      readonly cost: string;
      readonly keepFree: number;
      readonly jitter: number;
      readonly advance: number;
      readonly advanceMs: number;
    }
  | { readonly op: "settle"; readonly id: string; readonly cost: string; readonly actual: Cost }
  | { readonly op: "return"; readonly id: string; readonly cost: string; readonly spent: Cost }
  | { readonly op: "adjust"; readonly amounts: Cost }
  | { readonly op: "sync"; readonly levels: Readonly<Record<string, ToldLevel>> }
  | { readonly op: "pause"; readonly ms: number }
  | { readonly op: "update"; readonly rates: readonly WireRate[]; readonly joins: boolean };

/** What a server said of one currency, by its age. */
export interface ToldLevel {
  readonly age: number;
  readonly jitter?: number;
  readonly remaining?: number;
  readonly limit?: number;
}

/** A rate as the script knows it. */
export interface WireRate {
  readonly currency: string;
  readonly limit: number;
  readonly per: number;
  readonly burst: number;
  readonly burst_ms?: number | undefined;
  readonly learned: boolean;
  /** The rate as somebody told it: the same words, the same rate. */
  readonly told: string;
  readonly ends: boolean;
}

/** An answer to a `reserve`. */
export interface Reserved {
  readonly answer: ReserveAnswer;
  /** How often the cost was taken in advance. */
  readonly times: number;
  /** What gives that back: its id, and its cost as the script keeps it. */
  readonly advanceId: string;
  readonly advanceCost: string;
}

/** What the script answers. */
export interface Answer {
  readonly generation: string;
  readonly number: string;
  readonly pausedMs: number;
  readonly workers: number;
  readonly version: string;
  readonly levels: readonly number[];
  /** Empty when the version was known. */
  readonly rates: readonly WireRate[];
  /** One for each step; only those of `reserve` are of interest. */
  readonly answers: readonly unknown[];
}

/** A rate in the words of the script. An infinite limit ends it. */
export function wireRate({ currency, limit, perMs, burst, burstMs, isLearned }: Rate): WireRate {
  const ends = limit === Number.POSITIVE_INFINITY;
  const told = [limit, perMs, isLearned ? "learned" : (burstMs ?? burst), burstMs === undefined ? "" : "ms"].join("/");
  const base = {
    currency,
    limit: ends ? 0 : limit,
    per: perMs,
    burst: ends ? 0 : burst,
    learned: isLearned,
    told,
    ends,
  };
  return burstMs === undefined ? base : { ...base, burst_ms: burstMs };
}

/** @throws RedisAnswerError for anything but what the script answers. */
export function parseAnswer(reply: unknown): Answer {
  const [head, levels, rates, answers] = listOf(reply);
  const [generation, number, pausedMs, workers, version] = listOf(head).map(textOf);
  if (generation === undefined || number === undefined || version === undefined) throw strange();
  return {
    ...{ generation, number, version },
    pausedMs: numberOf(pausedMs),
    workers: numberOf(workers),
    levels: listOf(levels).map(numberOf),
    rates: ratesIn(listOf(rates).map(textOf)),
    answers: listOf(answers),
  };
}

/** @throws RedisAnswerError */
export function parseReserved(reply: unknown, generation: string): Reserved {
  const [kind, first = "", second = "", third = "", advanceCost = ""] = listOf(reply).map(textOf);
  const none = { times: 0, advanceId: "", advanceCost };
  if (kind === "wait") return { answer: { kind, waitMs: numberOf(first), binds: second }, ...none };
  if (kind === "admitted") {
    const times = numberOf(second);
    return { answer: { kind, id: `${generation} ${first}` }, times, advanceId: `${generation} ${third}`, advanceCost };
  }
  if (kind !== "too-large") throw strange();
  return { answer: { kind, currency: first, cost: numberOf(second), capacity: numberOf(third) }, ...none };
}

const RATE_FIELDS = 7;

function ratesIn(fields: readonly string[]): readonly WireRate[] {
  const rates: WireRate[] = [];
  for (let at = 0; at + RATE_FIELDS <= fields.length; at += RATE_FIELDS) {
    const [currency = "", limit, per, burst, learned, burstMs = "", told = ""] = fields.slice(at, at + RATE_FIELDS);
    const numbers = { limit: numberOf(limit), per: numberOf(per), burst: numberOf(burst) };
    const base = { currency, ...numbers, learned: learned === "1", told, ends: false };
    rates.push(burstMs === "" ? base : { ...base, burst_ms: numberOf(burstMs) });
  }
  return rates;
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw strange();
  return value;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw strange();
}

function numberOf(value: unknown): number {
  const number = Number(value);
  if (value === "" || Number.isNaN(number)) throw strange();
  return number;
}

function strange(): RedisAnswerError {
  return new RedisAnswerError("Redis answered something that the limiter's script does not answer");
}
