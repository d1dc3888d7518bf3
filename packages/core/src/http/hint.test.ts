import { expect, test } from "vitest";
import { hintMs } from "./hint.js";

test.each([
  ["no field", 429, {}, undefined],
  ["a quota that is used up, without a time", 429, { ratelimit: '"a";r=0' }, undefined],
  ["no quota that is used up", 503, { ratelimit: '"a";r=1;t=5' }, undefined],
  ["the longest of those that are used up", 503, { ratelimit: '"a";r=0;t=5,"b";r=0;t=6' }, 6000],
  ["Retry-After, also when it asks for nothing", 429, { "retry-after": "0", ratelimit: '"a";r=0;t=5' }, 0],
  ["no quota with an answer that is not about quotas", 500, { ratelimit: '"a";r=0;t=5' }, undefined],
])("an answer's hint is %s", (_what, status, fields, ms) => {
  const headers = new Headers(fields as Record<string, string>);
  expect(hintMs({ status, headers }, 0)).toBe(ms);
});
