import { count, money, percent, plural, time } from "../format.js";
import type { Percentiles } from "../histogram.js";
import type { FailureKind, ItemShown, ReportData, RunShown, WorkerShare } from "../report-data.js";
import { type Html, html } from "./html.js";

/** The figures that matter, large. */
export function tiles({ counts, totals, isRunning }: ReportData): Html {
  const { attempts, rateLimited, inputTokens, outputTokens, runningMs, currency, cost, unpriced, pricesDate } = totals;
  const done = counts.succeeded + counts.failed;
  const rate = runningMs > 0 ? `${((done / runningMs) * 1000).toFixed(1)} items/s` : "";
  const priced = cost > 0 || unpriced === 0;
  const priceNote = unpriced > 0 ? `${count(unpriced)} answers have no price` : `prices of ${pricesDate ?? "no day"}`;
  return html`<dl class="tiles">
${tile("Succeeded", count(counts.succeeded), `of ${count(counts.total)}`, "good")}
${tile("Failed", count(counts.failed), "for good", counts.failed > 0 ? "bad" : "")}
${tile(isRunning ? "Open" : "Left", count(counts.open), isRunning ? "a run is under way" : "for the next run", "")}
${tile("Requests", count(attempts), `${count(rateLimited)} answered with 429`, "")}
${tile("Tokens", count(inputTokens + outputTokens), `${count(inputTokens)} in, ${count(outputTokens)} out`, "")}
${tile("Cost", priced ? money(cost, currency) : "not known", priceNote, "")}
${tile("Time", time(runningMs), rate, "")}
</dl>`;
}

function tile(name: string, value: string, note: string, tone: string): Html {
  return html`<div class="tile ${tone}"><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
}

/** What to change. */
export function advice({ advice: sentences }: ReportData): Html {
  const items = sentences.map((sentence) => html`<li>${sentence}</li>`);
  const body = items.length > 0 ? html`<ul>${items}</ul>` : html`<p>Nothing to change.</p>`;
  return section("advice", "What to change", body);
}

/** A chart that the script draws, with what it says in words. */
export function chart(name: string, title: string, note: string): Html {
  return html`<figure class="chart" id="chart-${name}" data-chart="${name}" tabindex="0" aria-label="${title}. Arrow keys read the values.">
<figcaption><h2>${title}</h2><p class="chart-note">${note}</p></figcaption>
<div class="plot"></div>
<p class="readout" aria-live="polite"></p>
</figure>`;
}

/** How long things took. */
export function percentiles({ latencyMs, queuedMs, itemMs }: ReportData): Html {
  const row = (name: string, values: Percentiles): Html =>
    html`<tr><th scope="row">${name}</th>${[values.p50, values.p90, values.p95, values.p99, values.max].map(
      (value) => html`<td>${unbroken(time(value))}</td>`,
    )}<td>${count(values.count)}</td></tr>`;
  const head = ["p50", "p90", "p95", "p99", "longest", "of"];
  return section(
    "percentiles",
    "How long it took",
    table(
      "How long it took",
      ["", ...head],
      [
        row("answer", latencyMs),
        row("wait for the quota", queuedMs),
        row("item, retries and their waits included", itemMs),
      ],
    ),
  );
}

/** With each number kept beside its unit, where a narrow page breaks the line. */
function unbroken(length: string): string {
  return length.replaceAll(/ (?=[a-z])/g, "\u00a0");
}

/** Attempts and what went wrong, by what that means. */
export function failures({ totals, failures: kinds }: ReportData): Html {
  const failed = kinds.reduce((sum, { attempts }) => sum + attempts, 0);
  const answered = totals.attempts - failed;
  const row = ({ class: type, code, status, attempts }: FailureKind): Html =>
    html`<tr><th scope="row">${type}</th><td>${status ?? "no answer"}</td><td class="text">${code}</td><td>${count(attempts)}</td><td>${share(attempts, totals.attempts)}</td></tr>`;
  const answeredRow = html`<tr><th scope="row">answered</th><td>200</td><td class="text"></td><td>${count(answered)}</td><td>${share(answered, totals.attempts)}</td></tr>`;
  return section(
    "attempts",
    "Requests, by what came of them",
    table("Requests", ["class", "status", "code:", "requests", "share"], [answeredRow, ...kinds.map(row)]),
  );
}

/** Items that took longest, and those that failed. */
export function items({ slowest, failed, counts }: ReportData): Html {
  const failedTitle = counts.failed > failed.length ? `Failed items (the first ${failed.length})` : "Failed items";
  return html`${failed.length > 0 ? section("failed", failedTitle, itemTable(failedTitle, failed)) : ""}
${slowest.length > 0 ? section("slowest", "Slowest items", itemTable("Slowest items", slowest)) : ""}`;
}

function itemTable(name: string, shown: readonly ItemShown[]): Html {
  const rows = shown.map(
    ({ customId, attempts, tookMs, queuedMs, status, class: type, code }) =>
      html`<tr><th scope="row" class="id">${customId}</th><td>${time(tookMs)}</td><td>${time(queuedMs)}</td><td>${count(attempts)}</td><td>${status ?? "no answer"}</td><td class="text">${[type, code].filter(Boolean).join(": ")}</td></tr>`,
  );
  return table(name, ["custom_id", "took", "before it, in line", "requests", "status", "why:"], rows);
}

/** What each model had of it; nothing where there is only one. */
export function models({ models: shares, totals }: ReportData): Html {
  const rows = shares.map(
    ({ model, attempts, inputTokens, outputTokens, cost }) =>
      html`<tr><th scope="row" class="id">${model}</th><td>${count(attempts)}</td><td>${count(inputTokens)}</td><td>${count(outputTokens)}</td><td>${money(cost, totals.currency)}</td></tr>`,
  );
  return section("models", "Models", table("Models", ["model", "requests", "tokens in", "tokens out", "cost"], rows));
}

/** A thousand rows are no view of a thousand workers; the JSON has all of them. */
const WORKERS_SHOWN = 100;

/** What each worker had of it; nothing where one machine did it all. */
export function workers({ workers: shares, totals }: ReportData): Html {
  if (shares.length === 0) return html``;
  const row = ({ worker, items: ended, attempts, failed, rateLimited, latencyMs }: WorkerShare): Html =>
    html`<tr><th scope="row" class="id">${worker}</th><td>${count(ended)}</td><td>${count(attempts)}</td><td>${share(attempts, totals.attempts)}</td><td>${count(failed)}</td><td>${count(rateLimited)}</td><td>${time(latencyMs.p50)}</td><td>${time(latencyMs.p95)}</td></tr>`;
  const head = ["worker", "items", "requests", "share", "failed", "429", "answer p50", "p95"];
  const title = shares.length > WORKERS_SHOWN ? `Workers (the first ${WORKERS_SHOWN} of ${shares.length})` : "Workers";
  return section("workers", title, table("Workers", head, shares.slice(0, WORKERS_SHOWN).map(row)));
}

/** When it ran, and how each run ended. */
export function runs({ runs: shown, limits }: ReportData): Html {
  const { rpm, tpm, concurrency } = limits;
  const told = [
    ...(rpm === undefined ? [] : [`${count(rpm)} requests a minute`]),
    ...(tpm === undefined ? [] : [`${count(tpm)} tokens a minute`]),
    ...(concurrency === undefined ? [] : [`${plural(concurrency, "request")} at once`]),
  ];
  const rows = shown.slice(-50).map(runRow);
  const note = told.length > 0 ? html`<p>Limits of the last run: ${told.join(", ")}.</p>` : "";
  return section("runs", "Runs", html`${table("Runs", ["began", "took", "ending:"], rows)}${note}`);
}

function runRow({ startedMs, endedMs, ending }: RunShown): Html {
  const began = new Date(startedMs).toISOString();
  return html`<tr><th scope="row"><time datetime="${began}">${began.slice(0, 19).replace("T", " ")} UTC</time></th><td>${time(endedMs - startedMs)}</td><td class="text">${ending}</td></tr>`;
}

function section(id: string, title: string, body: Html): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>`;
}

/** A table that scrolls by itself where it is wider than the page, with the keyboard too. A head with a colon is of texts. */
function table(name: string, head: readonly string[], rows: readonly Html[]): Html {
  const cells = head.map((text) =>
    text.endsWith(":")
      ? html`<th scope="col" class="text">${text.slice(0, -1)}</th>`
      : html`<th scope="col">${text}</th>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}"><table><thead><tr>${cells}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function share(part: number, whole: number): string {
  return whole === 0 ? "" : percent(part / whole);
}
