import uplotStyle from "uplot/dist/uPlot.min.css?text";
import script from "../browser/main.ts?script";
import { count, time } from "../format.js";
import type { ReportData } from "../report-data.js";
import { type Html, html, jsonFor, raw } from "./html.js";
import style from "./page.css?text";
import { advice, chart, failures, items, models, percentiles, runs, tiles, workers } from "./sections.js";

/** Nothing may be loaded from anywhere, whatever stands in the page. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The report as one page of HTML that needs nothing beside itself. */
export function reportPage(data: ReportData): string {
  const made = new Date(data.madeAtMs).toISOString();
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<title>${data.name}: ${titleOf(data)}</title>
<style>${raw(uplotStyle)}${raw(style)}</style>
</head>
<body>
<header>
<h1>${data.name}</h1>
<p>${titleOf(data)} · <time datetime="${made}">${made.slice(0, 16).replace("T", " ")} UTC</time></p>
<button type="button" id="theme">Dark</button>
</header>
<main>
${tiles(data)}
${advice(data)}
${charts(data)}
${percentiles(data)}
${failures(data)}
${items(data)}
${models(data)}
${workers(data)}
${runs(data)}
</main>
<footer><p>Made by bide from the journal. No prompt and no answer is in this page.</p></footer>
<noscript><p>The charts need JavaScript; everything else is here.</p></noscript>
<script type="application/json" id="data">${jsonFor(chartData(data))}</script>
<script>${raw(script)}</script>
</body>
</html>
`.text;
}

function titleOf({ counts, isRunning }: ReportData): string {
  const done = counts.succeeded + counts.failed;
  if (isRunning) return `${count(done)} of ${count(counts.total)} done so far`;
  return counts.open === 0 ? `all ${count(counts.total)} done` : `${count(done)} of ${count(counts.total)} done`;
}

function charts({ limits, bottleneck, series }: ReportData): Html {
  const each = `each point is ${time(series.widthMs)} of running time`;
  const limit = (value: number | undefined, noun: string): string =>
    value === undefined ? `No limit was told; ${each}.` : `The limit is ${count(value)} ${noun} a minute; ${each}.`;
  const binds = (what: string): string => (bottleneck.binds === what ? " This is what held the batch back." : "");
  return html`<div class="charts">
${chart("progress", "Progress", `Items that are done; ${each}.`)}
${chart("requests", "Requests per minute", limit(limits.rpm, "requests") + binds("requests"))}
${chart("tokens", "Tokens per minute", `As charged at admission. ${limit(limits.tpm, "tokens")}${binds("tokens")}`)}
${chart("latency", "Time to the answer", "How many answers took how long.")}
</div>`;
}

/** What the charts are drawn from, and nothing else. */
function chartData({ series, limits, latencyBars, runs: shown, counts }: ReportData): unknown {
  return { series, limits, latencyBars, total: counts.total, runStartsMs: shown.map(({ atMs }) => atMs) };
}
