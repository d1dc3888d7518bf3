// Builds every package: one file per entry point (shared parts split off) by the bundler, declarations by the compiler.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { textImports } from "./text-imports.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

for (const folder of readdirSync(join(root, "packages"))) await bundle(join(root, "packages", folder));
const { status } = spawnSync(process.execPath, [tsc, "--build", root], { stdio: "inherit" });
process.exitCode = status ?? 1;

/** Bundles the entry points that the package exports, and the program's, leaving what it depends on outside. */
async function bundle(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const sources = Object.values(manifest.exports ?? {}).flatMap((entry) => entry["@bide/source"] ?? []);
  const entryPoints = [...sources, ...(manifest.bin ? ["./src/main.ts"] : [])].map((path) => join(folder, path));
  removeScripts(join(folder, "dist"));
  const options = {
    entryPoints,
    outbase: join(folder, "src"),
    outdir: join(folder, "dist"),
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    format: "esm",
    target: "es2022",
    // Shorter by much where somebody minifies it, and the same: a literal, and fields that are assigned, not declared as well.
    define: { "Number.POSITIVE_INFINITY": "Infinity", "Number.NaN": "NaN" },
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, experimentalDecorators: false } },
    platform: manifest.name === "bide" ? "neutral" : "node",
    loader: { ".lua": "text" },
    plugins: [textImports],
    sourcemap: true,
    metafile: true,
    logLevel: "warning",
    logOverride: { "ignored-bare-import": "silent" },
  };
  if (entryPoints.length > 1) {
    const { metafile } = await build({ ...options, write: false });
    options.plugins.push(sharing(entryPoints, sharedIn(metafile)));
  }
  await build(options);
}

/** The sources that more than one entry point needs. */
function sharedIn({ outputs }) {
  const chunks = Object.entries(outputs).filter(([path]) => /\/chunks\/[^/]+\.js$/.test(path));
  return chunks.flatMap(([, { inputs }]) => Object.keys(inputs)).map((path) => resolve(path));
}

/**
 * Lets each entry point reach all that is shared. The bundler makes a chunk for each set of entry points that share something,
 * seven for the core; each is one more file to find and read, which takes longer at a cold start than what is in it.
 */
function sharing(entryPoints, shared) {
  const imports = shared.map((path) => `import ${JSON.stringify(path)};`).join("\n");
  return {
    name: "sharing",
    setup({ onLoad }) {
      onLoad({ filter: /\/src\/[^/]+\.ts$/ }, ({ path }) =>
        entryPoints.includes(path)
          ? { contents: `${readFileSync(path, "utf8")}\n${imports}`, loader: "ts" }
          : undefined,
      );
    },
  };
}

/** Chunks carry hashes in their names: those of the last build would stay for ever. */
function removeScripts(dist) {
  rmSync(join(dist, "chunks"), { recursive: true, force: true });
}
