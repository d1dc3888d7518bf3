import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { sha256 } from "./sha256.js";

describe("sha256", () => {
  test.each([0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 500])(
    "agrees with the platform on a text of %i characters",
    (n) => {
      const text = Array.from({ length: n }, (_, index) => String.fromCharCode(33 + ((index * 7) % 90))).join("");

      expect(sha256(text)).toBe(createHash("sha256").update(text).digest("hex"));
    },
  );

  test("agrees with the platform on characters of several bytes", () => {
    expect(sha256("clé\0東京 😀")).toBe(createHash("sha256").update("clé\0東京 😀").digest("hex"));
  });
});
