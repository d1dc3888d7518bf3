import { expect, test } from "vitest";
import { loadDistributed } from "./distributed.js";

test("who has not installed the queue engine is told what to install", async () => {
  const missing = Object.assign(new Error("Cannot find package 'bullmq'"), { code: "ERR_MODULE_NOT_FOUND" });
  await expect(loadDistributed(() => Promise.reject(missing))).rejects.toThrow("npm install bullmq@6 ioredis@6");
  const other = new Error("another");
  await expect(loadDistributed(() => Promise.reject(other))).rejects.toBe(other);
});
