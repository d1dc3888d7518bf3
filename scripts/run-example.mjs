// Runs a TypeScript example of this repository on any supported Node: `npm run example notebook`.
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runTypeScript } from "./run-typescript.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [name = "", ...args] = process.argv.slice(2);
const source = join(root, "examples", `${basename(name, ".ts")}.ts`);
if (!existsSync(source)) {
  const names = readdirSync(join(root, "examples")).filter((file) => /(?<!\.test)\.ts$/.test(file));
  console.error(
    `expected the name of an example, got \`${name}\`; there are: ${names.map((file) => basename(file, ".ts")).join(", ")}`,
  );
  process.exit(2);
}
process.exit(await runTypeScript(source, args));
