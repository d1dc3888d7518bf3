const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day";
const MONTH = `(?<month>${MONTHS.join("|")})`;
const TIME = "(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)";

/** The three forms, in the order in which they are met: IMF-fixdate, RFC 850, and C's asctime. */
const FORMS = [
  new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * The milliseconds since 1970 of an HTTP date in any of its three forms, or `undefined` where the text is none of them.
 * `Date.parse` is no substitute: it takes `"1.5"` for a day in January.
 *
 * @param nowMs Milliseconds since 1970; settles the century of a two-digit year, which is never more than 50 years ahead.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups;
    if (groups) return instant(groups, nowMs);
  }
  return undefined;
}

function instant(groups: Readonly<Record<string, string | undefined>>, nowMs: number): number | undefined {
  const part = (name: string): number => Number(groups[name]);
  const month = MONTHS.indexOf(String(groups["month"]));
  const year = String(groups["year"]).length === 2 ? nearestYear(part("year"), nowMs) : part("year");
  const date = new Date(0);
  // Not `Date.UTC`, which moves the years 0 to 99 to the 1900s.
  date.setUTCFullYear(year, month, part("day"));
  if (date.getUTCMonth() !== month) return undefined;
  return date.setUTCHours(part("hour"), part("minute"), part("second"));
}

function nearestYear(lastTwoDigits: number, nowMs: number): number {
  const first = new Date(nowMs).getUTCFullYear() - 49;
  return first + ((((lastTwoDigits - first) % 100) + 100) % 100);
}
