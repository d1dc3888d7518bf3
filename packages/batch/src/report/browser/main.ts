/*! uPlot 1.6.32, MIT License, Copyright (c) 2025 Leon Sorokin, https://github.com/leeoniya/uPlot */
import { type ChartData, Charts } from "./charts.js";
import { followTheme } from "./theme.js";

const text = document.getElementById("data")?.textContent;
const charts = new Charts(JSON.parse(text ?? "{}") as ChartData);
charts.draw();
followTheme(() => charts.draw());
new ResizeObserver(() => charts.fit()).observe(document.body);
// For printers, whose page is as wide as paper.
window.addEventListener("beforeprint", () => charts.fit());
