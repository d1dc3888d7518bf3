import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Emulator, type EmulatorOptions, startEmulator } from "@bide/emulator";
import { vi } from "vitest";
import { type BatchOptions, type BatchSummary, runBatch } from "../src/index.js";

// Every run waits for the disk some times, and the disk may have others to serve.
vi.setConfig({ testTimeout: 30_000 });

/** One line of an output. */
export interface OutputLine {
  readonly custom_id: string;
  readonly response: { readonly status_code: number; readonly body: Record<string, unknown> } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A folder, an endpoint, and what it takes to run a batch between them. */
export interface Fixture {
  readonly folder: string;
  readonly emulator: Emulator;
  readonly output: string;
  /** Writes a file into the folder; returns its path. */
  write(name: string, content: string | Uint8Array): string;
  read(name: string): string;
  lines(name: string): readonly OutputLine[];
  run(input: BatchOptions["input"], options?: Partial<BatchOptions>): Promise<BatchSummary>;
  close(): Promise<void>;
}

export async function fixture(options: EmulatorOptions = {}): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), "bide-batch-"));
  const emulator = await startEmulator(options);
  const output = join(folder, "results.jsonl");
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return {
    ...{ folder, emulator, output, read },
    write: (name, content) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    },
    lines: (name) =>
      read(name)
        .trimEnd()
        .split("\n")
        .map((line): OutputLine => JSON.parse(line)),
    run: (input, more = {}) => {
      // Looking for a limit that is not there begins slowly.
      const endpoint = more.endpoints ? {} : { baseUrl: emulator.baseUrl, quota: { learn: false } };
      return runBatch({ input, output, ...endpoint, ...more });
    },
    close: async () => {
      await emulator.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Batch lines, one for each prompt, named `id-0`, `id-1`, … */
export function batchLines(prompts: readonly string[], body: object = {}): string {
  const lines = prompts.map((content, index) => {
    const whole = { model: "emu", messages: [{ role: "user", content }], max_tokens: 16, ...body };
    return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body: whole });
  });
  return `${lines.join("\n")}\n`;
}

/** So many different prompts. */
export function prompts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `What is ${index} and ${index}?`);
}
