import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHROMIUM_FLAGS, chromiumPath } from "../../../scripts/chromium.mjs";

/** The package as it is published, reached by its name as its users do; and the programs to try it in. */
const folder = fileURLToPath(new URL("..", import.meta.url));
const runtimes = process.env["BIDE_RUNTIMES"]?.split(delimiter) ?? [process.execPath];

type Kind = "module" | "commonjs";

/** How each program is told to run a text. */
const EVALUATE: Readonly<Record<string, (kind: Kind, code: string) => readonly string[]>> = {
  node: (kind, code) => [`--input-type=${kind}`, "--eval", code],
  bun: (_, code) => ["--eval", code],
  deno: (kind, code) => ["eval", ...(kind === "commonjs" ? ["--ext=cjs"] : []), code],
};

beforeAll(() => {
  if (!existsSync(`${folder}dist/http.js`)) throw new Error("the package is not built: run `npm run build` first");
});

/** Uses every entry point: two failures, then success, on the virtual clock and on the host's own. */
const USE = `
  const clock = virtualClock();
  const replies = [503, 503, 200].map((status) => new Response(null, { status }));
  const fetch = retryingFetch({ fetch: async () => replies.shift(), clock });
  let calls = 0;
  const flaky = async () => { if (++calls < 3) throw new Error("no"); return calls; };
  const waits = [];
  for (const ms of expo({ max: "4s" })) if (waits.push(ms) === 4) break;
  const work = async () => [
    (await clock.run(fetch("http://localhost/"))).status,
    await retry({ schedule: [1, 1], signal: new AbortController().signal })(flaky)(),
    parseRetryAfter(new Headers({ "retry-after": "2" }), 0),
    waits,
  ];`;
const USED = [200, 3, 2000, [1000, 2000, 4000, 4000]];

function run(program: string, kind: Kind, code: string): unknown {
  const evaluate = EVALUATE[basename(program)];
  if (evaluate === undefined) throw new Error(`no way is known to run a text in ${program}`);
  const output = execFileSync(program, evaluate(kind, code), {
    cwd: folder,
    encoding: "utf8",
    // The first `require` of an ES module is announced on stderr by Node 20.
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(output);
}

describe.each(runtimes)("in %s", (program) => {
  const [version] = execFileSync(program, ["--version"], { encoding: "utf8" }).split("\n");

  test(`${version} imports every entry point and works`, () => {
    const code = `
      import { expo, retry } from "bide";
      import { parseRetryAfter, retryingFetch } from "bide/http";
      import { virtualClock } from "bide/testing";
      ${USE}
      console.log(JSON.stringify(await work()));`;
    expect(run(program, "module", code)).toEqual(USED);
  });

  test(`${version} runs each attempt in the async context of its caller`, () => {
    const code = `
      import { AsyncLocalStorage } from "node:async_hooks";
      import { retry } from "bide";
      const context = new AsyncLocalStorage();
      const seen = [];
      const call = (caller) => context.run(caller, () => retry(async ({ number }) => {
        seen.push(context.getStore() === caller);
        if (number < 3) throw new Error("not yet");
      }, { schedule: [1, 0], jitter: null }));
      await Promise.all([call("a"), call("b")]);
      console.log(JSON.stringify(seen));`;
    expect(run(program, "module", code)).toEqual(Array(6).fill(true));
  });

  test(`${version} requires every entry point and works`, () => {
    const code = `
      const { expo, retry } = require("bide");
      const { parseRetryAfter, retryingFetch } = require("bide/http");
      const { virtualClock } = require("bide/testing");
      ${USE}
      work().then((result) => console.log(JSON.stringify(result)));`;
    expect(run(program, "commonjs", code)).toEqual(USED);
  });
});

test("off the main thread, where blocking is allowed everywhere, both twins work", async () => {
  const code = `
    import { parentPort } from "node:worker_threads";
    import { constant, onException, onPredicate } from "file://${folder}dist/index.js";
    import { onExceptionSync } from "file://${folder}dist/sync.js";
    let left = 2;
    const flaky = () => { if (left-- > 0) throw new Error("no"); return "made it"; };
    const blocking = onExceptionSync(constant(1), Error)(flaky)();
    left = 2;
    const awaited = await onException(constant(1), Error)(flaky)();
    const polled = await onPredicate(constant(1), (value) => value < 0)(() => left++)();
    parentPort.postMessage([blocking, awaited, polled]);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  const [answer] = await once(worker, "message");
  await worker.terminate();
  expect(answer).toEqual(["made it", "made it", 0]);
});

describe("in Chromium", () => {
  let browser: Browser;
  let server: Server;
  let module = "";
  let asked = 0;

  const page = `<!doctype html><script type="module">import value from "/test.js"; globalThis.value = value;</script>`;
  const answers: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
    "/": (response) => response.setHeader("content-type", "text/html").end(page),
    "/test.js": (response) => response.setHeader("content-type", "text/javascript").end(module),
    "/busy": (response) => response.writeHead(++asked < 3 ? 503 : 200, { "retry-after": "0" }).end("made it"),
    "/cut": (response) => (++asked < 3 ? response.destroy() : response.end("made it")),
  };

  beforeAll(async () => {
    server = createServer(({ url = "" }, response) => {
      const file = `${folder}${new URL(url, "http://localhost").pathname}`;
      if (answers[url]) answers[url](response);
      else if (!existsSync(file)) response.writeHead(404).end();
      else response.setHeader("content-type", "text/javascript").end(readFileSync(file));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] });
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** What a module has as its default export, once a page has run it. */
  async function inPage(code: string): Promise<unknown> {
    module = code;
    asked = 0;
    const tab = await browser.newPage();
    const failure = tab.waitForEvent("pageerror", { timeout: 0 }).then((error) => Promise.reject(error));
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await Promise.race([failure, tab.waitForFunction("globalThis.value")]);
    const value = await tab.evaluate("globalThis.value");
    failure.catch(() => undefined);
    await tab.close();
    return value;
  }

  test("a page retries a fetch that is answered with 503", { timeout: 60_000 }, async () => {
    const code = `
      import { retryingFetch } from "/dist/http.js";
      const response = await retryingFetch({ schedule: [5, 5, 5] })("/busy");
      export default [response.status, await response.text()];`;
    expect([await inPage(code), asked]).toEqual([[200, "made it"], 3]);
  });

  test("a page retries a fetch whose connection is cut", { timeout: 60_000 }, async () => {
    const code = `
      import { retry } from "/dist/index.js";
      const text = async () => (await fetch("/cut")).text();
      export default [await retry(text, { schedule: [5, 5, 5, 5], deadline: "30s" })];`;
    expect(await inPage(code)).toEqual(["made it"]);
    expect(asked).toBe(3);
  });

  test("a page uses every entry point", { timeout: 60_000 }, async () => {
    const code = `
      import { expo, retry } from "/dist/index.js";
      import { parseRetryAfter, retryingFetch } from "/dist/http.js";
      import { virtualClock } from "/dist/testing.js";
      ${USE}
      export default await work();`;
    expect(await inPage(code)).toEqual(USED);
  });
});
