// What `npm start` runs: an emulated endpoint on loopback, and a file of real requests driven through it by `bide run`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { cwd, execPath, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { startEmulator } from "@bide/emulator";
import { filmRequests } from "./films.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "out");
const file = (name) => relative(cwd(), join(out, name));
const [input, output] = [file("films.jsonl"), file("films.results.jsonl")];

mkdirSync(out, { recursive: true });
// A run that was interrupted goes on; one that is done starts over.
if (existsSync(output)) {
  for (const name of ["films.results.jsonl", "films.results.errors.jsonl", "films.results.jsonl.bide"]) {
    rmSync(join(out, name), { force: true });
  }
}
writeFileSync(input, `${filmRequests().join("\n")}\n`);

const limits = { rpm: 900, tpm: 60_000, burst: 60 };
const emulator = await startEmulator({ ...limits, latency: "400ms", faults: ["500:2%", "reset:1%"], seed: 20 });
console.error(`An emulated endpoint answers at ${emulator.baseUrl}`);
console.error(`with ${limits.rpm} requests and ${limits.tpm} tokens a minute, and fails 3 % of what it gets.\n`);

const flags = Object.entries(limits).flatMap(([name, limit]) => [`--${name}`, String(limit)]);
const args = ["run", input, "-o", output, "--base-url", emulator.baseUrl, ...flags];
console.error(`$ npx bide ${args.join(" ")}`);

// Ctrl-C reaches the run by itself; this process waits for it.
process.on("SIGINT", () => undefined);
const child = spawn(execPath, [join(root, "packages/cli/bin/bide.js"), ...args], { stdio: "inherit" });
child.once("close", async (code) => {
  await emulator.close();
  if (code === 0) console.error(`\nHow it went, as a page: npx bide report ${output}`);
  exit(code ?? 1);
});
