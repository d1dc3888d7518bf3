export { count, money, percent, perSecond, plural, short, time } from "./report/format.js";
export type { Bar, Percentiles } from "./report/histogram.js";
export { reportPage } from "./report/page/page.js";
export { type ReportOptions, readReport } from "./report/read-report.js";
export type {
  Bottleneck,
  FailureKind,
  ItemShown,
  Limits,
  ModelShare,
  ReportData,
  RunShown,
  Totals,
  WorkerShare,
} from "./report/report-data.js";
export type { Series } from "./report/series.js";
