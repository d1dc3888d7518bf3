// Keeps the table of rules in docs/llm/failures.md as the code has them: `npm run docs:failures`.
import { readFileSync, writeFileSync } from "node:fs";
import type { Rule } from "../src/classify/rules.js";
import { scopeOf } from "../src/classify/rules.js";
import { STATUS_RULES } from "../src/classify/status-rules.js";
import { DIALECTS } from "../src/dialects/detect.js";

/** Where the page stands, from the repository's root. */
export const PAGE = "docs/llm/failures.md";
const FROM = "<!-- rules: npm run docs:failures -->\n";
const TO = "<!-- end of rules -->";

/** The page with the tables of the dialects and of their rules as the code has them. */
export function withRules(page: string): string {
  const start = page.indexOf(FROM);
  const end = page.indexOf(TO);
  if (start < 0 || end < 0) throw new Error(`${PAGE} has lost the marks around its tables`);
  return page.slice(0, start + FROM.length) + tables() + page.slice(end);
}

function tables(): string {
  const dialects = DIALECTS.map(({ name, hosts, paths, headers, omitsFinish }) => {
    const seenBy = [hosts?.source, paths?.source, ...(headers ?? [])].filter((sign) => sign !== undefined);
    const signs = seenBy.map((sign) => `\`${escaped(sign)}\``).join(", ");
    return `| ${name} | ${signs || "the shape of its bodies, or nothing"} | ${omitsFinish ? "may be left out" : "told"} |`;
  });
  const rules = new Map<string, string>();
  for (const rule of [...DIALECTS.flatMap((dialect) => dialect.rules), ...STATUS_RULES]) {
    const row = rowOf(rule);
    rules.set(row, row);
  }
  return `
| Dialect | known by | the end of a stream |
|---|---|---|
${dialects.join("\n")}

| Rule | Class | Scope | Looks for |
|---|---|---|---|
${[...rules.keys()].join("\n")}

`;
}

function rowOf(rule: Rule): string {
  const { id, status, signals, text, when } = rule;
  const signs = [
    status && `status ${status.join(", ")}`,
    signals?.map((signal) => `\`${signal}\``).join(", "),
    text && `text \`${escaped(text.source)}\``,
    when && "a condition",
  ].filter((sign) => sign !== undefined);
  return `| \`${id}\` | ${rule.class} | ${scopeOf(rule)} | ${signs.join("; ")} |`;
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (process.argv[2] === "--write") writeFileSync(PAGE, withRules(readFileSync(PAGE, "utf8")));
