import type uPlot from "uplot";

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };

/** Lets the keyboard read a chart: the arrow keys go from point to point, Home and End to the first and the last. */
export function readByKeys(figure: HTMLElement, plot: uPlot): void {
  figure.onkeydown = (event) => {
    const last = plot.data[0].length - 1;
    const now = typeof plot.cursor.idx === "number" ? plot.cursor.idx : -1;
    const step = STEPS[event.key];
    const next = event.key === "Home" ? 0 : event.key === "End" ? last : step === undefined ? undefined : now + step;
    if (next === undefined) return;
    event.preventDefault();
    const index = Math.min(last, Math.max(0, next));
    plot.setCursor({ left: plot.valToPos(plot.data[0][index] ?? 0, "x"), top: 0 });
  };
}
