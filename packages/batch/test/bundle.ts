import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { textImports } from "../../../scripts/text-imports.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Bundles a source file into a script for a child process, so that a test needs no build before it. */
export async function bundled(source: string, name: string): Promise<string> {
  // Inside of node_modules, where the script finds the packages that stay outside of it.
  const folder = join(root, "node_modules/.cache/bide-test");
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${name}-${process.pid}.mjs`);
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@bide/source"],
    external: ["libsql", "bullmq", "ioredis"],
    loader: { ".lua": "text" },
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
    plugins: [textImports],
    logLevel: "silent",
  });
  return outfile;
}
