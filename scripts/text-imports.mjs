// Files that are imported as text: `?text` is the file as it stands, `?script` is a script for browsers, bundled and minified.
// The bundler and the test runner each get a plugin, so that a page that is one file needs no build of its own.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/** A script for browsers as one text: everything that it imports is in it, with its licence's line. */
export async function browserScript(path) {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    legalComments: "inline",
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0].text;
}

/** For esbuild. */
export const textImports = {
  name: "text-imports",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?(text|script)$/ }, ({ path, resolveDir }) => ({
      path: located(path, resolveDir),
      namespace: "text",
    }));
    onLoad({ filter: /.*/, namespace: "text" }, async ({ path }) => ({ contents: await textOf(path), loader: "text" }));
  },
};

/** For vite. What it does with styles would leave nothing of them in a test, so it does not see that there are any. */
export const textImportsOfVite = {
  name: "text-imports",
  enforce: "pre",
  resolveId(specifier, importer) {
    if (!/\?(text|script)$/.test(specifier)) return undefined;
    return `\0text:${Buffer.from(located(specifier, dirname(importer))).toString("hex")}`;
  },
  async load(id) {
    if (!id.startsWith("\0text:")) return undefined;
    return `export default ${JSON.stringify(await textOf(Buffer.from(id.slice(6), "hex").toString()))};`;
  },
};

function located(specifier, folder) {
  const [path, kind] = specifier.split("?");
  return `${path.startsWith(".") ? join(folder, path) : createRequire(join(folder, "x")).resolve(path)}?${kind}`;
}

async function textOf(id) {
  const [path, kind] = id.split("?");
  return kind === "script" ? browserScript(path) : readFileSync(path, "utf8");
}
