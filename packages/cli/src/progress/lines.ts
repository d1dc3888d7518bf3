import type { Progress } from "@bide/batch";
import { count, perSecond, plural, time } from "./format.js";

/** The state of a run in one line without control characters, for pipes and logs. */
export function progressLine(progress: Progress): string {
  const { total, before, succeeded, failed, rateLimited, sending } = progress;
  const done = before + succeeded + failed;
  const parts = [
    `${count(done)}/${count(total)} done (${percent(done, total)})`,
    perSecond(rateOf(progress)),
    `${sending} in flight`,
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...(rateLimited > 0 ? [`${plural(rateLimited, "answer")} with 429`] : []),
    leftOf(progress),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** The state of a run as a bar that fits into `columns`. */
export function progressBar(progress: Progress, columns: number): string {
  const { total, before, succeeded, failed } = progress;
  const done = before + succeeded + failed;
  const texts = [
    `${percent(done, total)} ${count(done)}/${count(total)}`,
    perSecond(rateOf(progress)),
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    leftOf(progress),
  ].filter((text) => text !== "");
  const width = Math.min(40, columns - 1 - texts.join("  ").length - 2);
  // Too narrow for a bar: the figures alone, cut where the line ends, because a wrapped line cannot be drawn over.
  if (width < 5) return texts.join("  ").slice(0, columns - 1);
  const full = total === 0 ? 0 : Math.floor((done / total) * width);
  return `${"█".repeat(full)}${"░".repeat(width - full)}  ${texts.join("  ")}`;
}

/** Results per second of this run. */
export function rateOf({ succeeded, failed, elapsedMs }: Progress): number {
  return elapsedMs < 1 ? 0 : ((succeeded + failed) / elapsedMs) * 1000;
}

function leftOf(progress: Progress): string {
  const rate = rateOf(progress);
  const left = progress.total - progress.before - progress.succeeded - progress.failed;
  return rate === 0 || left === 0 ? "" : `${time((left / rate) * 1000)} left`;
}

function percent(done: number, total: number): string {
  return `${total === 0 ? 0 : Math.floor((done / total) * 100)}%`;
}
