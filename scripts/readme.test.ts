import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const readme = read("README.md");
const story = read("packages/llm/test/story.test.ts");

/** Which test proves bide's column, for each situation of the story table. */
const PROOF: Readonly<Record<string, readonly string[]>> = {
  "permanent 429": ["a permanent 429 costs as many requests as you said"],
  "`insufficient_quota` (also a 429)": ["insufficient_quota costs one request, and the key is stopped"],
  "each attempt times out at the SDK's 600 s": ["when every attempt hangs, a deadline of 60 s takes 60 s"],
  "`Retry-After: 20`": ["Retry-After: 20 is a wait of 20 s and a little jitter"],
  "500, connection reset": ["%s is retried"],
  "the stream breaks in the middle": [
    "a stream that breaks before the first token is retried",
    "a stream that breaks after it is a typed error with the text so far",
  ],
  success: ["success is the reply"],
};

function situations(): string[] {
  const rows = readme.slice(readme.indexOf("| Situation |")).split("\n\n")[0]?.split("\n").slice(2) ?? [];
  return rows.map((row) => row.split("|")[1]?.trim() ?? "");
}

test("the README fits on 120 lines", () => {
  expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
});

test("each row of the README's story has its tests", () => {
  expect(situations()).toEqual(Object.keys(PROOF));
  const missing = Object.values(PROOF)
    .flat()
    .filter((title) => !story.includes(`"${title}"`));
  expect(missing).toEqual([]);
});

test("CI runs the README's test command, word for word", () => {
  const command = readme.match(/^(npm ci && npm test)\b/m)?.[1];
  expect(read(".ci/run").trimEnd().split("\n").at(-1)).toBe(command);
});
