// Keeps the tables of defaults in the documentation as the code has them. `npm run docs:defaults` rewrites them.
//
// A table belongs to a constant when the line "`NAME_DEFAULTS`:" stands before it. Its first column names the options, its
// second holds the defaults; what else it says is prose, and stays.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The page with the defaults of these constants in its tables. */
export function withDefaults(page, constants) {
  return page.replace(/^`(\w+_DEFAULTS)`:\n\n((?:\|.*\n)+)/gm, (_section, name, table) => {
    const values = constants[name];
    if (values === undefined) throw new Error(`there is no constant ${name}`);
    return `\`${name}\`:\n\n${tableOf(name, values, table)}`;
  });
}

function tableOf(name, values, table) {
  const [head, line, ...rows] = table.trimEnd().split("\n");
  const left = new Set(Object.keys(values).filter((key) => !isGroup(values[key])));
  const written = rows.map((row) => {
    const [, option = "", , ...prose] = row.split(/(?<!\\)\|/);
    const key = option.trim().replaceAll("`", "");
    // An option whose default is no constant has a row of prose.
    return left.delete(key) ? `|${option}| ${shown(values[key])} |${prose.join("|")}` : row;
  });
  if (left.size > 0) throw new Error(`the table of ${name} lacks ${[...left].join(", ")}`);
  return `${[head, line, ...written].join("\n")}\n`;
}

/** A group of constants, such as those of a preset, has prose or a table of its own. */
function isGroup(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value) {
  if (Array.isArray(value)) return value.join(", ");
  return `\`${typeof value === "string" ? JSON.stringify(value) : String(value)}\``;
}

/** Every page of the documentation, by its path from the root. */
export function pages() {
  const names = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".md")).map((name) => join("docs", name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const constants = {
    ...(await import("../packages/core/dist/index.js")),
    ...(await import("../packages/core/dist/http.js")),
    ...(await import("../packages/emulator/dist/index.js")),
    BATCH_DEFAULTS: (await import("../packages/batch/dist/index.js")).BATCH_DEFAULTS,
    ...(await import("../packages/llm/dist/index.js")),
  };
  for (const path of pages().map((page) => join(root, page))) {
    writeFileSync(path, withDefaults(readFileSync(path, "utf8"), constants));
  }
}
