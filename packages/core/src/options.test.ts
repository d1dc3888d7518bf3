import { expect, test } from "vitest";
import { nearest } from "./options.js";

test("the nearest name is the one with the fewest letters to change, if they are few", () => {
  expect(nearest("deadlin", ["deadline", "headline"])).toBe("deadline");
  expect(nearest("HEADLINE", ["deadline", "headline"])).toBe("headline");
  expect(nearest("bananas", ["deadline", "headline"])).toBeUndefined();
  expect(nearest("", ["on"])).toBe("on");
});
