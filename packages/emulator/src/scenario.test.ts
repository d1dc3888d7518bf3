import { expect, test } from "vitest";
import { parseScenario } from "./scenario.js";

test("a scenario is the options as JSON", () => {
  const scenario = {
    rpm: 500,
    tpm: 200_000,
    dialect: "lying:long",
    organization: { tpm: 1_000_000 },
    faults: ["reset:2%", { kind: "500", share: 0.01 }],
    brownOuts: [{ from: "10s", to: "20s", fault: "503:80%" }],
    changes: [{ at: "30s", rpm: 100 }],
    ramp: true,
    latency: "500ms/19ms",
  };
  expect(parseScenario(JSON.stringify(scenario))).toEqual(scenario);
});

test.each([
  ["{", "expected a scenario to be JSON"],
  ["[]", "expected `scenario` to be an object"],
  ['{"rmp":5}', "`scenario` has no field `rmp`"],
  ['{"rpm":"5"}', "expected `rpm` to be an integer >= 1, got `5` (string)"],
  ['{"rpm":0}', "expected `rpm` to be an integer >= 1"],
  ['{"dialect":"cohere"}', "expected `dialect` to be one of openai"],
  ['{"faults":["boom"]}', "expected a fault such as"],
  ['{"faults":{}}', "expected `faults` to be a list"],
  ['{"brownOuts":[{"from":"1s","until":"2s"}]}', "`brownOuts[0]` has no field `until`"],
  [
    '{"brownOuts":[{"from":"2s","to":"1s","fault":"500"}]}',
    "expected `brownOuts[0]` to end after it starts, got 2s to 1s",
  ],
  ['{"changes":[{"rpm":5}]}', "expected `changes[0].at` to be a time"],
  ['{"changes":[{"at":"soon","rpm":5}]}', "expected `changes[0].at` to be a time"],
  ['{"changes":[{"at":"1s","rpm":-5}]}', "expected `changes[0].rpm` to be an integer >= 1, got `-5` (number)"],
  ['{"changes":[{"at":"1s","rmp":5}]}', "`changes[0]` has no field `rmp`"],
  ['{"organization":{"rmp":5}}', "`organization` has no field `rmp`"],
  ['{"organization":{"burst":0}}', "expected `organization.burst` to be an integer >= 1"],
  ['{"limitsByModel":{"m":{"rpm":"many"}}}', "expected `limitsByModel.m.rpm` to be an integer >= 1"],
  ['{"limitsByModel":{"m":{"rmp":5}}}', "`limitsByModel.m` has no field `rmp`"],
  ['{"faults":[{"kind":"boom"}]}', "expected a fault such as"],
  ['{"faults":[{"kind":"500","chance":0.1}]}', "`fault` has no field `chance`"],
  ['{"faults":[{"kind":"500","share":2}]}', "expected `share of fault 500` to be a share"],
  ['{"faults":[{"kind":"truncate","chunk":-1}]}', "expected `chunk of fault truncate` to be an integer >= 0"],
  ['{"algorithm":"leaky"}', "expected `algorithm` to be one of token-bucket, fixed-window, sliding-window"],
  ['{"algorithm":"fixed-window","burst":5}', "`burst` needs a token-bucket; a fixed-window has none"],
  ['{"quantum":"2m"}', "expected `quantum` to be whole milliseconds up to a minute"],
  ['{"cost":"free"}', "expected `cost` to be one of openai"],
  ['{"countRejected":"no"}', "expected `countRejected` to be true or false"],
  ['{"refund":"all"}', "expected `refund` to be one of none, to-actual"],
  ['{"money":-1}', "expected `money` to be a number >= 0"],
  ['{"ramp":{"growth":"fast"}}', "expected `ramp.growth` to be a number >= 0"],
  ['{"latency":{"perTokenMs":5}}', "expected `latency.firstTokenMs` to be a number >= 0"],
  [
    '{"latency":{"firstTokenMs":5,"slowdown":{"inFlight":0}}}',
    "expected `latency.slowdown.inFlight` to be a number > 0",
  ],
  ['{"answerLength":{"medianTokens":0}}', "expected `answerLength.medianTokens` to be a number > 0"],
  ['{"timeScale":0}', "expected `timeScale` to be a number > 0"],
  ['{"keys":"secret"}', "expected `keys` to be a list"],
  ['{"models":[1]}', "expected `models[0]` to be text"],
  ['{"answer":"hello"}', "expected `answer` to be a function"],
  ['{"logLimit":-1}', "expected `logLimit` to be an integer >= 0"],
  ['{"__proto__":{"rpm":5},"constructor":1}', "has no field"],
])("%s is refused by name", (text, message) => {
  expect(() => parseScenario(text)).toThrow(message);
});
