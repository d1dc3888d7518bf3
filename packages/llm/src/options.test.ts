import { OptionError } from "bide";
import { describe, expect, test } from "vitest";
import { llmFetch } from "./index.js";
import type { LlmOptions } from "./options.js";

/** What making a layer of them throws; its options are those of callers without types. */
function refusal(options: object): unknown {
  try {
    llmFetch(options as LlmOptions);
    return undefined;
  } catch (error) {
    return error;
  }
}

const RULE = { id: "mine.busy", class: "overload", reason: "the server is busy" };

describe("an option that cannot be is refused when the layer is made, by its name", () => {
  test.each<[object, string]>([
    [{ deadlin: "60s" }, "llmFetch has no option `deadlin`; did you mean `deadline`?"],
    [{ buffered: "yes" }, 'expected `buffered` to be true or false, got `"yes"` (string)'],
    [{ hedge: true }, "expected `hedge` to be an object, got `true` (boolean)"],
    [{ breaker: 5 }, "expected `breaker` to be an object, got `5` (number)"],
    [{ breaker: null }, "expected `breaker` to be an object, got `null`"],
    [{ prices: 0 }, "expected `prices` to be an object, got `0` (number)"],
    [{ rules: RULE }, "expected `rules` to be a list of rules, got an object (`Object`)"],
    [{ rules: [5] }, "expected `rules[0]` to be a rule: an object with `id`, `class` and `reason`, got `5` (number)"],
    [{ rules: [RULE, { ...RULE, reason: "" }] }, 'expected `rules[1].reason` to be a text, got `""` (string)'],
    [{ rules: [{ ...RULE, class: "retry" }] }, "expected `rules[0].class` to be one of rate, rate-long, ramp,"],
    [{ rules: [{ ...RULE, scope: "all" }] }, "expected `rules[0].scope` to be one of request, model, key, host"],
    [{ rules: [{ ...RULE, status: 429 }] }, "expected `rules[0].status` to be a list of statuses, such as [429]"],
    [
      { rules: [{ ...RULE, signals: ["BUSY"] }] },
      "expected `rules[0].signals` to be a list of codes and types in lower",
    ],
    [{ rules: [{ ...RULE, text: "busy" }] }, "expected `rules[0].text` to be a regular expression"],
    [{ rules: [{ ...RULE, when: true }] }, "expected `rules[0].when` to be a function"],
    [{ rules: [{ ...RULE, txt: /busy/ }] }, "rules[0] has no option `txt`; did you mean `text`?"],
  ])("%j", (options, message) => {
    const error = refusal(options);
    expect(error).toBeInstanceOf(OptionError);
    expect(String(error)).toContain(message);
  });
});

test.each<object>([
  {},
  { buffered: true, breaker: {}, prices: {}, rules: [] },
  { rules: [{ ...RULE, status: [429], signals: ["busy"], text: /busy/, when: () => true, scope: "host" }] },
])("%j is taken", (options) => {
  expect(refusal(options)).toBeUndefined();
});
