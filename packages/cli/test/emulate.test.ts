import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { main } from "../src/main.js";
import { fakeIo } from "./fake-io.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bide-emulate-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function scenario(text: string): string {
  const file = join(folder, "scenario.json");
  writeFileSync(file, text);
  return file;
}

interface Emulation {
  readonly url: string;
  readonly said: string;
}

/** Runs `bide emulate` on a free port while `use` does, ends it as a signal does, and tells its last line. */
async function emulating(options: readonly string[], use: (emulation: Emulation) => Promise<void>): Promise<string> {
  const io = fakeIo();
  const ended = main(["emulate", "--port", "0", ...options], io);
  await expect.poll(() => io.said()).toContain("Ctrl-C ends it");
  await use({ url: io.printed().trim(), said: io.said() });
  process.emit("SIGHUP");
  expect(await ended).toBe(0);
  return io.said().trimEnd().split("\n").at(-1) ?? "";
}

function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] });
  const headers = { "content-type": "application/json", ...init.headers };
  return fetch(`${url}/chat/completions`, { method: "POST", body, headers });
}

describe("bide emulate", () => {
  test("prints the base URL, and a line of curl that gets an answer from it", async () => {
    const last = await emulating(["--rpm", "1"], async ({ url, said }) => {
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
      const [, address = "", type = "", body = ""] = /curl -s (\S+) -H '([^']+)' -d '([^']+)'/.exec(said) ?? [];
      expect(address).toBe(`${url}/chat/completions`);
      const headers = { [type.split(": ")[0] ?? ""]: type.split(": ")[1] ?? "" };
      expect((await fetch(address, { method: "POST", headers, body })).status).toBe(200);
      expect((await fetch(address, { method: "POST", headers, body })).status).toBe(429);
    });
    expect(last).toBe("2 requests, 1 answered whole, 1 over the limit");
  });

  test("takes a scenario, and what the command line says wins", async () => {
    const file = scenario(
      '{"rpm":1,"faults":["503"],"models":["m"],"brownOuts":[{"from":"1h","to":"2h","fault":"500"}]}',
    );
    await emulating(["--scenario", file, "--fault", "529", "--dialect", "anthropic"], async ({ url }) => {
      expect((await ask(url)).status).toBe(529);
      expect((await ask(url)).status).toBe(429);
    });
  });

  test("never repeats a key that it was given", async () => {
    await emulating(["--key", "secret-1"], async ({ url, said }) => {
      expect(said).toContain('-H "authorization: Bearer $API_KEY"');
      expect(said).not.toContain("secret-1");
      expect((await ask(url)).status).toBe(401);
      expect((await ask(url, { headers: { authorization: "Bearer secret-1" } })).status).toBe(200);
    });
  });

  test.each([
    ["anthropic", "/v1/messages", '"max_tokens"'],
    ["gemini", "/v1beta/models/emulated:generateContent", '"contents"'],
  ])("%s: tries its own endpoint", async (dialect, path, field) => {
    await emulating(["--dialect", dialect], async ({ url, said }) => {
      const [, address = "", body = ""] = /curl -s (\S+) .*-d '([^']+)'/.exec(said) ?? [];
      expect(address).toBe(url.replace(/\/v1$/, path));
      expect(body).toContain(field);
      const headers = { "content-type": "application/json" };
      expect((await fetch(address, { method: "POST", headers, body })).status).toBe(200);
    });
  });

  test("every option of the emulator that is a single value has its own", async () => {
    const line =
      "--rpm 9 --tpm 9000 --itpm 9000 --otpm 9000 --rpd 9 --tpd 9000 --in-flight 9 --burst 9 --token-burst 9000";
    const more =
      "--algorithm token-bucket --quantum 10s --money 9000 --cost azure --latency 1ms/1ms --seed 0 --time-scale 60";
    await emulating([...line.split(" "), ...more.split(" "), "--model", "m"], async ({ url }) => {
      const response = await ask(url);
      expect(response.status).toBe(200);
      expect(response.headers.get("x-ratelimit-limit-tokens")).toBe("9000");
    });
  });
});

describe("what cannot be is said in one sentence, and exits with 2", () => {
  async function told(...args: readonly string[]): Promise<string> {
    const io = fakeIo();
    expect(await main(["emulate", "--port", "0", ...args], io)).toBe(2);
    expect(io.printed()).toBe("");
    return io.said();
  }

  test.each([
    [["--fault", "boom:2%"], 'expected a fault such as "reset:2%", got `boom:2%` (string); the kinds are 408'],
    [["--fault", "reset:200%"], "expected `share of fault reset` to be a share such as"],
    [["--dialect", "cohere"], "expected `dialect` to be one of openai, azure"],
    [["--cost", "free"], "expected `cost` to be one of openai"],
    [["--algorithm", "leaky"], "expected `algorithm` to be one of token-bucket"],
    [["--latency", "fast"], "expected `latency` to be a time"],
    [["--quantum", "often"], "expected `quantum` to be a time"],
    [["--rpm", "0"], "Expected an integer >= 1."],
    [["--money", "much"], "Expected an integer >= 0."],
    [["--time-scale", "0"], "Expected a number > 0."],
    [["--port", "70000"], "Expected a port from 0 to 65535."],
    [["--host", "192.0.2.1"], "192.0.2.1 is no address of this machine"],
    [["--rmp", "5"], "(Did you mean --rpm?)"],
  ])("%j", async (args, sentence) => {
    expect(await told(...args)).toContain(sentence);
  });

  test.each([
    ["{", "scenario.json: expected a scenario to be JSON"],
    ["[]", "scenario.json: expected `scenario` to be an object"],
    ['{"rmp":5}', "scenario.json: `scenario` has no field `rmp`; the fields are rpd"],
    ['{"brownOuts":[{"from":"1s"}]}', "scenario.json: expected `brownOuts[0].to` to be a time"],
  ])("the scenario %s", async (text, sentence) => {
    expect(await told("--scenario", scenario(text))).toContain(sentence);
  });

  test("a scenario that is no file", async () => {
    expect(await told("--scenario", folder)).toBe(`bide: ${folder}: is a folder, not a file\n`);
    expect(await told("--scenario", join(folder, "none"))).toBe(`bide: ${join(folder, "none")}: no such file\n`);
  });

  test("a port that is taken", async () => {
    await emulating([], async ({ url }) => {
      const { port } = new URL(url);
      expect(await told("--port", port)).toBe(
        `bide: port ${port} is taken; choose another one with --port, or 0 for any\n`,
      );
    });
  });
});
