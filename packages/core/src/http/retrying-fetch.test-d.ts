import { expectTypeOf, test } from "vitest";
import { type RetryingFetchOptions, retryingFetch } from "../http.js";

test("it goes wherever a fetch goes", () => {
  expectTypeOf(retryingFetch()).toExtend<typeof fetch>();
  expectTypeOf(fetch).toExtend<NonNullable<RetryingFetchOptions["fetch"]>>();
});

test("a body may be a function; what judges results is not an option", () => {
  expectTypeOf(retryingFetch()).toBeCallableWith("https://api.example", { body: () => new Blob().stream() });
  expectTypeOf<RetryingFetchOptions>().not.toHaveProperty("until");
  expectTypeOf<RetryingFetchOptions>().not.toHaveProperty("rules");
});
