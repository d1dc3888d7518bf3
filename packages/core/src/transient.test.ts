import { describe, expect, test } from "vitest";
import { AttemptTimeoutError, DeadlineError, isTransient, OptionError, ResultRejectedError } from "./index.js";

const withStatus = (status: unknown, more: object = {}): Error => Object.assign(new Error("x"), { status, ...more });
const withCode = (code: string): Error => Object.assign(new Error("x"), { code });
class APIUserAbortError extends Error {}
class AbortError extends Error {}
/** A mistake with a network's code so many causes down. */
const below = (depth: number): Error =>
  depth === 0 ? withCode("ECONNRESET") : new TypeError("x", { cause: below(depth - 1) });

describe("what heals by itself", () => {
  test.each<[title: string, error: unknown]>([
    ...[408, 409, 425, 429, 500, 502, 503, 504, 529, 599].map((status): [string, unknown] => [
      `status ${status}`,
      withStatus(status),
    ]),
    ["an error without a status", new Error("connection lost")],
    ["a status that is no number", withStatus("400")],
    ["what is no error at all", "busy"],
    ["nothing", undefined],
    ["null", null],
    ...["ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "EPIPE", "UND_ERR_SOCKET", "UND_ERR_HEADERS_TIMEOUT"].map(
      (code): [string, unknown] => [`code ${code}`, withCode(code)],
    ),
    ["fetch failed, with the code in a cause", new TypeError("fetch failed", { cause: withCode("ECONNREFUSED") })],
    ["fetch failed, in Chromium", new TypeError("Failed to fetch")],
    ["fetch failed, in Firefox", new TypeError("NetworkError when attempting to fetch resource.")],
    ["fetch failed, in Safari", new TypeError("Load failed")],
    ...[
      "network error",
      "The network connection was lost.",
      "error sending request for url (https://api.example/)",
      "Unable to connect. Is the computer able to access the url?",
      "Network request failed",
    ].map((message): [string, unknown] => [`fetch failed, elsewhere: ${message}`, new TypeError(message)]),
    ["an object without a class", Object.create(null)],
    ["an error of others that they call final", Object.assign(new Error("x"), { isFinal: true })],
    ["a mistake's class with a network's code", Object.assign(new TypeError("x"), { code: "ECONNRESET" })],
    ["a server's error whose code is no text at all", withStatus(503, { code: Symbol("x"), type: Symbol("y") })],
    ["a code five causes down", below(5)],
    ["a body that broke off", new TypeError("terminated")],
    ["a time-out of the host", new DOMException("late", "TimeoutError")],
    ["an attempt's time-out", new AttemptTimeoutError(5, 1)],
    ["an inner run's deadline", new DeadlineError(5, 1)],
  ])("%s", (_, error) => {
    expect(isTransient(error)).toBe(true);
  });
});

describe("what does not", () => {
  test.each<[title: string, error: unknown]>([
    ...[400, 401, 402, 403, 404, 405, 410, 413, 418, 422, 424, 428, 451, 499].map((status): [string, unknown] => [
      `status ${status}`,
      withStatus(status),
    ]),
    ["a 429 whose code means money", withStatus(429, { code: "insufficient_quota" })],
    ["a 429 whose type means money", withStatus(429, { type: "billing_hard_limit" })],
    ["an abort", new DOMException("stop", "AbortError")],
    ["an abort of the official clients, whose name is Error", new APIUserAbortError("Request was aborted.")],
    ["a programming error", new TypeError("x is not a function")],
    ["a mistake that speaks of fetch", new TypeError("x: fetch failed")],
    ["a mistake with a code of Node's own", Object.assign(new TypeError("x"), { code: "ERR_INVALID_URL" })],
    ["a mistake with a code that is no network's", Object.assign(new TypeError("x"), { code: "NECONNRESET" })],
    ["a code six causes down", below(6)],
    ["an evaluation that is forbidden", new EvalError("x")],
    ["a text that is no URI", new URIError("x")],
    ["a name that means abort", Object.assign(new Error("x"), { name: "APIUserAbortError" })],
    ["a class that means abort", new AbortError("x")],
    ["a reference to nothing", new ReferenceError("x is not defined")],
    ["a number out of range", new RangeError("Invalid array length")],
    ["a text that does not parse", new SyntaxError("Unexpected token")],
    ["an option of ours", new OptionError("a", "b")],
    ["a result that an inner policy did not accept", new ResultRejectedError(1, 3)],
  ])("%s", (_, error) => {
    expect(isTransient(error)).toBe(false);
  });
});

test("a chain of causes is followed a few steps, also where it is a circle", () => {
  const circle: Error & { cause?: unknown } = new TypeError("x is not a function");
  circle.cause = circle;
  expect(isTransient(circle)).toBe(false);
});
