import { describe, expect, test } from "vitest";
import { classify } from "../src/classify/classify.js";
import { type Decision, isRetryable } from "../src/classify/decision.js";
import { readErrorBody } from "../src/classify/error-body.js";
import type { Rule } from "../src/classify/rules.js";
import { dialectOfUrl } from "../src/dialects/detect.js";
import { REFUSALS, type Refusal } from "./refusals.js";

function decide(refusal: Refusal, rules: readonly Rule[] = []): Decision {
  const { host, status, headers = {}, body } = refusal;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = { status, headers: new Headers(headers), body: readErrorBody(text) };
  return classify(answer, { dialect: dialectOfUrl(new URL(host)), rules, wallNowMs: 0 });
}

const [RATE] = REFUSALS as [Refusal];

describe("what a refusal means", () => {
  test.each(REFUSALS)("$name: $class", (refusal) => {
    const decision = decide(refusal);

    expect(decision.class).toBe(refusal.class);
    expect(decision.waitMs).toBe(refusal.waitMs);
    if (refusal.scope) expect(decision.scope).toBe(refusal.scope);
    if (refusal.dialect) expect(decision.evidence.dialect).toBe(refusal.dialect);
  });

  test("no decision quotes the answer", () => {
    for (const refusal of REFUSALS) {
      const { reason, evidence } = decide(refusal);
      expect(reason).not.toMatch(/sk-|org-1|gpt-x/);
      expect(evidence.signal ?? "").toMatch(/^[\w.-]*$/);
    }
  });

  test("a body means the same when a proxy put it into the message of its own", () => {
    for (const refusal of REFUSALS.filter(
      ({ host, body }) => host.includes("openai.com") && typeof body === "object",
    )) {
      const wrapped = {
        error: { message: `litellm.Error: ${JSON.stringify(refusal.body)}`, type: "None", code: null },
      };
      expect({ ...refusal, class: decide({ ...refusal, body: wrapped }).class }).toEqual(refusal);
    }
  });

  test("one's own rules come first", () => {
    const rule: Rule = { id: "mine", class: "invalid", signals: ["rate_limit_exceeded"], reason: "because" };

    expect(decide(RATE, [rule])).toMatchObject({ class: "invalid", reason: "because", evidence: { rule: "mine" } });
  });
});

describe("x-should-retry", () => {
  test("false forbids another attempt, whatever the failure means", () => {
    expect(isRetryable(decide({ ...RATE, headers: { "x-should-retry": "false" } }))).toBe(false);
  });

  test("true makes an unknown refusal worth another attempt, and never one that cannot heal", () => {
    const retried = REFUSALS.filter(({ class: type }) => type !== "transient")
      .filter((refusal) =>
        isRetryable(decide({ ...refusal, headers: { ...refusal.headers, "x-should-retry": "true" } })),
      )
      .map(({ class: type }) => type);

    expect([...new Set(retried)].sort()).toEqual(
      ["invalid", "not-found", "overload", "ramp", "rate", "rate-long"].sort(),
    );
  });
});
