import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startEmulator } from "@bide/emulator";
import { expect, test } from "vitest";

const runner = fileURLToPath(new URL("../scripts/run-example.mjs", import.meta.url));

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(name: string, env: Readonly<Record<string, string>>): Promise<Finished> {
  const child = spawn(process.execPath, [runner, name], { env: { ...process.env, ...env } });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (out.stdout += chunk));
  child.stderr.on("data", (chunk) => (out.stderr += chunk));
  const [code] = await once(child, "close");
  return { code, ...out };
}

test("the notebook's recipe prints the reply, through a refusal and a time-out", { timeout: 60_000 }, async () => {
  // Room for one request, the next slot a second later; and the first attempt that is let in stalls, for each prompt.
  await using emulator = await startEmulator({
    rpm: 60,
    burst: 1,
    countRejected: false,
    latency: { firstTokenMs: 1, perTokenMs: 0 },
    faults: [{ kind: "stall", attempts: 1 }],
  });
  const env = { OPENAI_API_KEY: "key-of-a-test", OPENAI_BASE_URL: emulator.baseUrl, ATTEMPT_TIMEOUT_MS: "300" };
  const { code, stdout, stderr } = await run("notebook", env);

  expect({ code, stderr: stderr.replace(/attempt \d+ failed, next in \d+ ms\n/g, "") }).toEqual({
    code: 0,
    stderr: "",
  });
  expect(stdout.trim().split("\n")).toHaveLength(2);
  expect(emulator.stats().byVerdict).toMatchObject({ answered: 2, fault: 2, "rate-limited": expect.any(Number) });
});
