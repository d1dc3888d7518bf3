import { describe, expect, test } from "vitest";
import { isLasting } from "./lasting.js";

/** An error so many causes above one with this code. */
function above(depth: number, bottom: object): object {
  return depth === 0 ? bottom : new Error("above", { cause: above(depth - 1, bottom) });
}

describe("a failure that waiting does not heal", () => {
  test.each([
    "CERT_HAS_EXPIRED",
    "CERT_NOT_YET_VALID",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "HOSTNAME_MISMATCH",
    "INVALID_CA",
    "INVALID_PURPOSE",
  ])("is a certificate: %s", (code) => {
    expect(isLasting({ code })).toBe(true);
  });

  test.each(["unknown scheme", "bad port", "Bad Port"])("is an address: %s", (message) => {
    expect(isLasting(new Error(message))).toBe(true);
  });

  test.each([
    { code: "ECONNRESET" },
    { code: "X_CERT_HAS_EXPIRED" },
    new Error("not a bad port"),
    new Error("bad portal"),
    { cause: null },
    {},
    null,
    undefined,
    "CERT_HAS_EXPIRED",
  ])("is not %j", (error) => {
    expect(isLasting(error)).toBe(false);
  });

  test("may lie up to five causes down", () => {
    expect(isLasting(above(5, { code: "CERT_HAS_EXPIRED" }))).toBe(true);
    expect(isLasting(above(6, { code: "CERT_HAS_EXPIRED" }))).toBe(false);
  });

  test("is looked for in causes that run in a circle, and not for ever", () => {
    const error: { cause?: unknown } = {};
    error.cause = error;
    expect(isLasting(error)).toBe(false);
  });
});
