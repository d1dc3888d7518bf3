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
  ['{"rpm":"5"}', "expected `rpm` to be a number"],
  ['{"rpm":0}', "expected `rpm` to be an integer >= 1"],
  ['{"dialect":"cohere"}', "expected `dialect` to be one of openai"],
  ['{"faults":["boom"]}', "expected a fault such as"],
  ['{"faults":{}}', "expected `faults` to be a list"],
  ['{"brownOuts":[{"from":"1s","until":"2s"}]}', "`brownOuts[0]` has no field `until`"],
  ['{"brownOuts":[{"from":"2s","to":"1s","fault":"500"}]}', "expected a brown-out to end after it starts"],
  ['{"changes":[{"rpm":5}]}', "expected `changes[0].at` to be a time"],
  ['{"changes":[{"at":"soon","rpm":5}]}', "expected `changes[0].at` to be a time"],
  ['{"changes":[{"at":"1s","rpm":-5}]}', "expected `changes[0].rpm` to be a number >= 0"],
  ['{"__proto__":{"rpm":5},"constructor":1}', "has no field"],
])("%s is refused by name", (text, message) => {
  expect(() => parseScenario(text)).toThrow(message);
});
