import { count, money, percent, short, time } from "./format.js";
import { coloured, type Look } from "./look.js";
import type { Standing } from "./standing.js";

/** A piece of a line, with the colour that it may have. */
type Piece = string | readonly ["green" | "red" | "yellow" | "dim", string];

/** The state of a run in a few lines, none of them as long as `columns`. */
export function viewLines(standing: Standing, columns: number, look: Look): readonly string[] {
  const width = Math.max(20, columns) - 1;
  const lines = [barLine(standing, width, look), itemsLine(standing), ...rateLines(standing), sumsLine(standing, look)];
  return lines.map((line) => fitted(line, width, look));
}

function barLine({ done, failed, total, leftMs }: Standing, width: number, { hasSigns }: Look): readonly Piece[] {
  const texts = [
    percent(total === 0 ? 0 : Math.floor((done / total) * 100) / 100).padStart(4),
    `${count(done)}/${count(total)}`,
    ...(leftMs === undefined ? [] : [`${time(leftMs)} left`]),
  ].join("  ");
  const cells = Math.min(40, width - texts.length - 2);
  if (cells < 5) return [texts];
  const [full, empty] = hasSigns ? ["█", "░"] : ["#", "-"];
  const doneCells = total === 0 ? 0 : Math.floor((done / total) * cells);
  const failedCells = total === 0 || failed === 0 ? 0 : Math.max(1, Math.floor((failed / total) * cells));
  const badCells = Math.min(failedCells, doneCells);
  return [
    ["green", full.repeat(doneCells - badCells)],
    ["red", full.repeat(badCells)],
    ["dim", empty.repeat(cells - doneCells)],
    `  ${texts}`,
  ];
}

function itemsLine({ succeeded, failed, inFlight, waiting }: Standing): readonly Piece[] {
  const failedText = `failed ${count(failed)}`;
  return [
    `done ${count(succeeded)}  `,
    failed > 0 ? ["red", failedText] : failedText,
    `  in flight ${count(inFlight)}  waiting ${count(waiting)}`,
  ];
}

function rateLines(standing: Standing): readonly (readonly Piece[])[] {
  const { requestsPerMinute, requestsLimit, tokensPerMinute, tokensLimit, binds } = standing;
  const line = (name: string, rate: number, limit: number | undefined): readonly Piece[] => {
    const of = limit === undefined ? "" : ` of ${short(limit)}`.padEnd(9) + percent(rate / limit).padStart(5);
    const text = `${name.padEnd(9)}${short(rate).padStart(7)}/min${of}`;
    return [text, ...(binds === name ? ([["yellow", "  binds"]] as const) : [])];
  };
  return [line("requests", requestsPerMinute, requestsLimit), line("tokens", tokensPerMinute, tokensLimit)];
}

function sumsLine(
  { inputTokens, outputTokens, cost, currency, rateLimited, elapsedMs }: Standing,
  look: Look,
): readonly Piece[] {
  return [
    `${short(inputTokens)} tokens in, ${short(outputTokens)} out`,
    ...(cost === undefined ? [] : [`  ${money(cost, currency)}`]),
    ...(rateLimited === 0 ? [] : [`  ${count(rateLimited)} ${look.hasSigns ? "×" : "x"} 429`]),
    ["dim", `  ${time(elapsedMs)}`],
  ];
}

/** A line cut where it would wrap: a wrapped line cannot be drawn over. */
function fitted(pieces: readonly Piece[], width: number, look: Look): string {
  let left = width;
  let line = "";
  for (const piece of pieces) {
    const [colour, text] = typeof piece === "string" ? [undefined, piece] : piece;
    const shown = text.slice(0, left);
    left -= shown.length;
    if (shown !== "") line += colour === undefined ? shown : coloured(look, colour, shown);
  }
  return line;
}

/** The state of a run in one line without control characters, for pipes and logs. */
export function progressLine(standing: Standing): string {
  const { done, total, failed, inFlight, waiting, rateLimited, leftMs, cost, currency } = standing;
  const parts = [
    `${count(done)}/${count(total)} done (${percent(total === 0 ? 0 : Math.floor((done / total) * 100) / 100)})`,
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    `${count(inFlight)} in flight`,
    `${count(waiting)} waiting`,
    rateText(standing),
    ...(rateLimited > 0 ? [`${count(rateLimited)} with 429`] : []),
    ...(cost === undefined ? [] : [money(cost, currency)]),
    ...(leftMs === undefined ? [] : [`${time(leftMs)} left`]),
  ];
  return parts.join(", ");
}

function rateText({ requestsPerMinute, requestsLimit, binds }: Standing): string {
  const of = requestsLimit === undefined ? "" : ` of ${short(requestsLimit)}`;
  const by = binds === "pause" ? "a pause" : binds;
  return `${short(requestsPerMinute)}${of} requests/min${by === undefined ? "" : ` (bound by ${by})`}`;
}
