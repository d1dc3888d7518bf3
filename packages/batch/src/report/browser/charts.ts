import uPlot from "uplot";
import { count, short, time, timesApart } from "../format.js";
import type { Bar } from "../histogram.js";
import type { Limits } from "../report-data.js";
import type { Series } from "../series.js";
import { readByKeys } from "./keys.js";

/** What the page hands to its script. */
export interface ChartData {
  readonly series: Series;
  readonly limits: Limits;
  readonly latencyBars: readonly Bar[];
  readonly total: number;
  /** Where the runs begin on the axis of running time. */
  readonly runStartsMs: readonly number[];
}

/** A chart before it is drawn. */
interface Plan {
  readonly data: uPlot.AlignedData;
  readonly series: readonly uPlot.Series[];
  /** The labels of the x axis at these places. */
  readonly xLabels: (places: readonly number[]) => readonly string[];
  /** Whether the x axis counts bars instead of seconds. */
  readonly isBars?: boolean;
  /** Where the y axis ends; higher values are cut there. */
  readonly yMax?: number;
  /** What is read out at a place. */
  readonly say: (index: number) => string;
}

/** The charts of the page. */
export class Charts {
  readonly #data: ChartData;
  readonly #drawn: { readonly plot: uPlot; readonly place: HTMLElement }[] = [];

  constructor(data: ChartData) {
    this.#data = data;
  }

  /** Draws all anew, in the colours of the page. */
  draw(): void {
    for (const { plot } of this.#drawn) plot.destroy();
    this.#drawn.length = 0;
    for (const figure of document.querySelectorAll<HTMLElement>("figure[data-chart]")) this.#drawInto(figure);
  }

  /** Makes them as wide as the page has room for. */
  fit(): void {
    for (const { plot, place } of this.#drawn) {
      if (place.clientWidth !== plot.width) plot.setSize({ width: place.clientWidth, height: place.clientHeight });
    }
  }

  #drawInto(figure: HTMLElement): void {
    const place = figure.querySelector<HTMLElement>(".plot");
    const readout = figure.querySelector<HTMLElement>(".readout");
    const plan = this.#planOf(figure.dataset["chart"] ?? "");
    if (place === null || readout === null || plan === undefined) return;
    const marks = plan.isBars ? [] : this.#data.runStartsMs.slice(1).map((ms) => ms / 1000);
    const plot = new uPlot(optionsOf(plan, place, readout, marks), plan.data, place);
    readByKeys(figure, plot);
    this.#drawn.push({ plot, place });
  }

  #planOf(name: string): Plan | undefined {
    const { series, limits, latencyBars } = this.#data;
    if (name === "progress") return progressPlan(series);
    if (name === "requests") return ratePlan(series, series.requests, limits.rpm, "requests", series.refused);
    if (name === "tokens") return ratePlan(series, series.tokens, limits.tpm, "tokens");
    return name === "latency" && latencyBars.length > 0 ? latencyPlan(latencyBars) : undefined;
  }
}

function progressPlan({ succeeded, failed, widthMs }: Series): Plan {
  const [ok, bad] = [summedUp(succeeded), summedUp(failed)];
  // A point stands at the end of its stretch: that is when these were done.
  const times = [0, ...ok.map((_, index) => ((index + 1) * widthMs) / 1000)];
  return {
    data: [times, [0, ...ok], [0, ...bad]],
    series: [area("--good"), line("--bad")],
    xLabels: secondsTexts,
    say: (index) =>
      `After ${secondsText(times[index] ?? 0)}: ${count(ok[index - 1] ?? 0)} succeeded, ${count(bad[index - 1] ?? 0)} failed`,
  };
}

function ratePlan(
  { widthMs }: Series,
  values: readonly number[],
  limit: number | undefined,
  noun: string,
  refused?: readonly number[],
): Plan {
  const perMinute = 60_000 / widthMs;
  // The last stretch is cut off by the end, and its rate would say less than it was.
  const whole = values.length > 1 ? values.slice(0, -1) : values;
  const times = whole.map((_, index) => (index * widthMs) / 1000);
  const rates = whole.map((value) => value * perMinute);
  const refusedRates = refused?.some((value) => value > 0)
    ? times.map((_, index) => (refused[index] ?? 0) * perMinute)
    : undefined;
  const of = limit === undefined ? "" : ` of ${count(limit)}`;
  return {
    data: [times, rates, ...(refusedRates ? [refusedRates] : []), ...(limit ? [times.map(() => limit)] : [])],
    series: [area("--mark"), ...(refusedRates ? [line("--bad")] : []), ...(limit ? [dashed("--limit")] : [])],
    xLabels: secondsTexts,
    // What a full bucket lets go at once is far above the limit, and would leave the rest a flat line.
    ...(limit === undefined ? {} : { yMax: limit * 1.6 }),
    say: (index) => {
      const with429 = refused?.[index] ? `, ${count(refused[index] ?? 0)} refused` : "";
      return `At ${secondsText(times[index] ?? 0)}: ${count(rates[index] ?? 0)}${of} ${noun} a minute${with429}`;
    },
  };
}

function latencyPlan(bars: readonly Bar[]): Plan {
  return {
    data: [bars.map((_, index) => index), bars.map((bar) => bar.count)],
    series: [{ ...area("--mark"), ...barPaths() }],
    isBars: true,
    xLabels: (places) => timesApart(places.map((index) => bars[index]?.from ?? 0)),
    say: (index) => {
      const bar = bars[index];
      return bar ? `${timesApart([bar.from, bar.to]).join(" to ")}: ${count(bar.count)} answers` : "";
    },
  };
}

/** Steps of an axis of seconds: an axis of time in tens is no axis of time. */
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

function optionsOf(plan: Plan, place: HTMLElement, readout: HTMLElement, marks: readonly number[]): uPlot.Options {
  const axis = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line") },
  };
  return {
    width: place.clientWidth,
    height: place.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false }, points: { show: false } },
    scales: {
      x: plan.isBars ? { time: false, range: (_plot, low, high) => [low - 0.5, high + 0.5] } : { time: false },
      y: {
        range: (_plot, _low, high) => [0, Math.min(plan.yMax ?? Number.POSITIVE_INFINITY, Math.max(1, high * 1.08))],
      },
    },
    axes: [
      {
        ...axis,
        space: 70,
        incrs: plan.isBars ? [1, 2, 5, 10] : SECONDS,
        values: (_plot, splits) => {
          const labels = plan.xLabels(splits);
          return splits.map((x, index) => (x === null ? "" : (labels[index] ?? "")));
        },
      },
      { ...axis, size: 56, values: (_plot, splits) => splits.map((y) => short(y)) },
    ],
    series: [{}, ...plan.series],
    hooks: {
      setCursor: [({ cursor: { idx } }) => (readout.textContent = typeof idx === "number" ? plan.say(idx) : "")],
      draw: [(plot) => drawMarks(plot, marks)],
    },
  };
}

/** Where a run ended and the next one went on. */
function drawMarks(plot: uPlot, marks: readonly number[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour("--soft");
  ctx.setLineDash([2, 4]);
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark, "x", true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function barPaths(): Pick<uPlot.Series, "paths"> {
  const paths = uPlot.paths.bars?.({ size: [0.9, 60] });
  return paths === undefined ? {} : { paths };
}

function line(name: string): uPlot.Series {
  return { stroke: colour(name), width: 2, points: { show: false } };
}

function area(name: string): uPlot.Series {
  return { ...line(name), fill: `${colour(name)}33` };
}

function dashed(name: string): uPlot.Series {
  return { ...line(name), dash: [6, 4] };
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function secondsTexts(places: readonly number[]): readonly string[] {
  return places.map(secondsText);
}

function secondsText(seconds: number): string {
  return time(seconds * 1000);
}

function summedUp(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}
