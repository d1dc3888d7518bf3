/** A count with its thousands apart: `1,319`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A count in few characters: `999`, `12.3k`, `4.5M`. */
export function short(value: number): string {
  if (value < 1000) return String(Math.round(value));
  const [scaled, unit] = value < 999_500 ? [value / 1e3, "k"] : [value / 1e6, "M"];
  return `${scaled < 99.95 ? scaled.toFixed(1) : scaled.toFixed(0)}${unit}`;
}

/** A rate in few characters: `0.5/s`, `98/s`, `1.2k/s`. */
export function perSecond(value: number): string {
  return `${value < 10 ? value.toFixed(1) : short(value)}/s`;
}

/** A length of time for people: `0.4 s`, `14 s`, `2 min 05 s`, `3 h 12 min`. */
export function time(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** More digits than these tell nobody more. */
const MOST_DIGITS = 6;

/** Lengths of time as they stand side by side: those that differ, told apart. `0.052 s`, `0.104 s`, `12.000 s`. */
export function timesApart(lengthsMs: readonly number[]): readonly string[] {
  const different = new Set(lengthsMs).size;
  let texts = lengthsMs.map(time);
  for (let digits = 2; digits <= MOST_DIGITS && new Set(texts).size < different; digits++) {
    texts = lengthsMs.map((ms) => (ms < 60_000 ? `${(ms / 1000).toFixed(digits)} s` : time(ms)));
  }
  return texts;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

/** `1 item`, `2 items`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A sum of money: `$0.0042`, `$12.30`, `12.30 EUR`. Small sums keep two digits that say something. */
export function money(value: number, currency: string): string {
  const digits = value === 0 || value >= 0.995 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(value)));
  const text = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return currency === "USD" ? `$${text}` : `${text} ${currency}`;
}

/** A share of a whole: `0.4%`, `12%`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)}%`;
}
