import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startEmulator } from "@bide/emulator";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHROMIUM_FLAGS, chromiumPath } from "../../../scripts/chromium.mjs";
import { runBatch } from "../src/index.js";
import { readReport, reportPage } from "../src/report.js";
import { World } from "./distributed-world.js";

// One batch is really run, with failures and names that would like to be HTML, and its page is looked at in a real browser.

const HOSTILE = `</script><img src=x onerror="document.title='broken'">`;
const PROMPT = "a secret prompt";

let folder: string;
let browser: Browser;
let page: Page;
let html: string;
let answers: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bide-report-"));
  const [input, output] = [join(folder, "prompts.jsonl"), join(folder, "results.jsonl")];
  const ids = Array.from({ length: 61 }, (_, index) => `${index % 2 ? HOSTILE : "item-"}${index}`);
  const body = (id: string) => ({
    model: "gpt-4o-mini",
    max_tokens: 4096,
    messages: [{ role: "user", content: PROMPT + id }],
  });
  const lines = ids.map((id) => ({ custom_id: id, method: "POST", url: "/v1/chat/completions", body: body(id) }));
  writeFileSync(input, lines.map((line) => JSON.stringify(line)).join("\n"));
  await using emulator = await startEmulator({ latency: "5ms", faults: ["500:50%", "reset:10%"], seed: 3 });
  await runBatch({
    input,
    output,
    baseUrl: emulator.baseUrl,
    maxAttempts: 2,
    concurrency: 64,
    quota: { rpm: 60_000, tpm: 40_000_000 },
  });
  const results = readFileSync(output, "utf8").trim().split("\n");
  answers = results.map((line) => JSON.parse(line).response.body.choices[0].message.content);
  html = reportPage(readReport({ output, nowMs: Date.now() }));
  writeFileSync(join(folder, "report.html"), html);
  browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] });
}, 120_000);

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** Opens the page and tells everything that went wrong and everything that was asked of a network. */
async function opened(options: BrowserContextOptions = {}, file = "report.html"): Promise<string[]> {
  const problems: string[] = [];
  page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: "light", ...options });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => problems.push(message.text()));
  page.on("request", (request) => {
    if (request.url() !== pathToFileURL(join(folder, file)).href) problems.push(request.url());
  });
  await page.goto(pathToFileURL(join(folder, file)).href);
  // The page's own policy forbids what `waitForFunction` would do in it.
  await expect
    .poll(() => page.evaluate(() => [...document.querySelectorAll("canvas")].map(({ height }) => height > 0)))
    .toEqual([true, true, true, true]);
  return problems;
}

/** For each chart, how many colours its canvas shows: a blank one shows one. */
function coloursDrawn(): Promise<number[]> {
  return page.evaluate((): number[] =>
    [...document.querySelectorAll("canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
      return new Set(new Uint32Array((data as Uint8ClampedArray).buffer)).size;
    }),
  );
}

/** The least contrast of any text with what is behind it. @see https://www.w3.org/TR/WCAG22/#contrast-minimum */
function leastContrast(): Promise<number> {
  return page.evaluate((): number => {
    const rgb = (text: string): number[] => (text.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: readonly number[]): number => {
      const [r = 0, g = 0, b = 0] = colour.map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): number[] => {
      if (element === null) return [255, 255, 255];
      const colour = rgb(getComputedStyle(element).backgroundColor);
      return colour[3] === 0 ? behind(element.parentElement) : colour.slice(0, 3);
    };
    const texts = [...document.querySelectorAll("body *:not(script)")].filter(
      (element) =>
        element instanceof HTMLElement &&
        element.innerText !== undefined &&
        element.children.length === 0 &&
        element.textContent,
    );
    return Math.min(
      ...texts.map((element) => {
        const [one, two] = [rgb(getComputedStyle(element).color).slice(0, 3), behind(element)].map(luminance);
        return (Math.max(one ?? 0, two ?? 0) + 0.05) / (Math.min(one ?? 0, two ?? 0) + 0.05);
      }),
    );
  });
}

describe("the page of a report, in a browser", () => {
  test.each(["light", "dark"] as const)(
    "%s: draws its charts, asks for nothing, and all its text can be read",
    async (colorScheme) => {
      const problems = await opened({ colorScheme });

      expect(problems).toEqual([]);
      for (const colours of await coloursDrawn()) expect(colours).toBeGreaterThan(4);
      expect(await leastContrast()).toBeGreaterThanOrEqual(4.5);
      const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(back).toBe(colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(16, 20, 24)");
    },
  );

  test("fits on a phone: only tables scroll to the side, and the charts are as wide as the page lets them", async () => {
    await opened({ viewport: { width: 360, height: 740 }, isMobile: true, deviceScaleFactor: 2 });
    const {
      page: width,
      charts,
      header,
    } = await page.evaluate(() => ({
      page: document.documentElement.scrollWidth,
      charts: [...document.querySelectorAll(".uplot")].map((chart) => chart.getBoundingClientRect().width),
      header: document.querySelector("header")?.getBoundingClientRect().height,
    }));

    expect(width).toBe(360);
    for (const chart of charts) expect(chart).toBeGreaterThan(280);
    expect(header).toBeLessThan(160);
  });

  test("on a phone all of how long it took is in sight, also where it took long", async () => {
    const report = readReport({ output: join(folder, "results.jsonl"), nowMs: Date.now() });
    const long = {
      count: 1_000_000,
      mean: 1,
      p50: 754_000,
      p90: 5_000_000,
      p95: 8e6,
      p99: 36_000_000,
      max: 86_000_000,
    };
    writeFileSync(join(folder, "long.html"), reportPage({ ...report, itemMs: long, queuedMs: long, latencyMs: long }));
    await opened({ viewport: { width: 360, height: 740 }, isMobile: true, deviceScaleFactor: 2 }, "long.html");

    const edges = await page.evaluate(() =>
      [...document.querySelectorAll("#percentiles th, #percentiles td")].map(
        (cell) => cell.getBoundingClientRect().right,
      ),
    );
    expect(edges).toHaveLength(7 + 3 * 7);
    expect(Math.max(...edges)).toBeLessThanOrEqual(360);
    const [scrolls, wide] = await page.evaluate(() => {
      const place = document.querySelector("#percentiles .scroll");
      return [place?.scrollWidth, place?.clientWidth];
    });
    expect(scrolls).toBe(wide);
  });

  test("on a phone the names of rows and the head of their column stay while a table scrolls", async () => {
    await opened({ viewport: { width: 360, height: 740 }, isMobile: true, deviceScaleFactor: 2 });

    const lefts = await page.evaluate(() => {
      const place = document.querySelector("#slowest .scroll");
      if (place === null) return [];
      place.scrollLeft = 90;
      const firsts = [...place.querySelectorAll("th:first-child")];
      return [place.scrollLeft, ...new Set(firsts.map((cell) => cell.getBoundingClientRect().left))];
    });
    expect(lefts).toEqual([90, 16]);
  });

  test("charts follow the window when it gets narrower", async () => {
    await opened();
    await page.setViewportSize({ width: 500, height: 900 });

    const widest = (): number =>
      Math.max(...[...document.querySelectorAll(".uplot")].map((chart) => chart.getBoundingClientRect().width));
    await expect.poll(() => page.evaluate(widest)).toBeLessThan(480);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(500);
  });

  test("everything is reached with the keyboard: the theme, each chart and its values", async () => {
    await opened();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
    expect(await page.textContent("#theme")).toBe("Light");

    for (const name of ["progress", "requests", "tokens", "latency"]) {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.getAttribute("data-chart"))).toBe(name);
      await page.keyboard.press("Home");
      const first = await page.textContent(`#chart-${name} .readout`);
      await page.keyboard.press("End");
      expect([first, await page.textContent(`#chart-${name} .readout`)].every((text) => /\d/.test(text ?? ""))).toBe(
        true,
      );
    }
    const doneInTheEnd = await page.textContent("#chart-progress .readout");
    expect(doneInTheEnd).toMatch(/^After \S+ s: \d+ succeeded, \d+ failed$/);
  });

  test("a name that is HTML is shown as it is, and does nothing", async () => {
    await opened();

    expect(await page.title()).toMatch(/^results\.jsonl: all 61 done$/);
    expect(await page.locator("th.id", { hasText: HOSTILE }).count()).toBeGreaterThan(0);
  });

  test("without scripts, all but the charts is there", async () => {
    page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(pathToFileURL(join(folder, "report.html")).href);

    expect(await page.locator("#attempts tbody tr").count()).toBeGreaterThan(2);
    expect(await page.locator("noscript").innerText()).toContain("The charts need JavaScript");
  });
});

test("a batch by several workers shows what each of them had of it, in light and dark and on a phone", async () => {
  const world = await World.make({ latency: "5ms", faults: ["500:30%"], rpm: 6000, burst: 5, seed: 3 });
  try {
    for (const name of [HOSTILE, "second"])
      world.worker({ name, concurrency: 8, maxAttempts: 5, quota: { rpm: 60_000 } });
    await world.run(world.input(80), { window: 20 });
    const report = readReport({ output: world.output, nowMs: Date.now() });
    writeFileSync(join(folder, "workers.html"), reportPage(report));

    expect(await opened({ colorScheme: "dark" }, "workers.html")).toEqual([]);
    expect(await leastContrast()).toBeGreaterThanOrEqual(4.5);
    const rows = await page.locator("#workers tbody tr").all();
    const cells = await Promise.all(rows.map((row) => row.locator("th, td").allInnerTexts()));
    const sum = (column: number): number => cells.reduce((total, row) => total + Number(row[column]), 0);
    expect(cells.map(([name]) => name).sort()).toEqual([HOSTILE, "second"].sort());
    expect([sum(1), sum(2)]).toEqual([80, report.totals.attempts]);
    expect(sum(4)).toBe(report.totals.attempts - report.latencyMs.count);
    expect(sum(5)).toBe(report.totals.rateLimited);
    expect(report.totals.rateLimited).toBeGreaterThan(0);

    await opened({ viewport: { width: 360, height: 740 }, isMobile: true }, "workers.html");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  } finally {
    await world.close();
  }
}, 60_000);

test("a batch on one machine has no table of workers", async () => {
  await opened();

  expect(await page.locator("#workers").count()).toBe(0);
});

describe("what stands in the page", () => {
  test("no prompt and no answer", () => {
    expect(answers.length).toBeGreaterThan(20);
    expect(html).not.toContain(PROMPT);
    for (const answer of answers) expect(html).not.toContain(answer);
  });

  test("the whole of the library, and its licence", () => {
    expect(html).toContain("uPlot 1.6.32, MIT License, Copyright (c) 2025 Leon Sorokin");
    expect(html).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)=/);
  });

  test("is small enough to be sent by mail", () => {
    expect(Buffer.byteLength(html)).toBeLessThan(150_000);
  });
});
