import { defineConfig } from "vitest/config";
import { textImportsOfVite } from "./scripts/text-imports.mjs";

// Packages import one another's sources in tests, through this export condition: no build stands between an edit and its test.
const conditions = ["@bide/source", "node", "import", "module", "default"];

/** Scripts for Redis stay files of their own: importing one gives its text, as the bundler does it too. */
const luaAsText = {
  name: "lua-as-text",
  transform: (source: string, id: string): string | undefined =>
    id.endsWith(".lua") ? `export default ${JSON.stringify(source)};` : undefined,
};

export default defineConfig({
  plugins: [luaAsText, textImportsOfVite],
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/*/{src,test}/**/*.test.ts", "examples/**/*.test.ts", "scripts/**/*.test.ts"],
    pool: "forks",
    restoreMocks: true,
    // A bound for what hangs, not for what is slow: machines are busy at times.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: process.env["CI"]
      ? ["dot", "./scripts/closing-line-reporter.ts"]
      : ["default", "./scripts/closing-line-reporter.ts"],
    coverage: {
      provider: "v8",
      include: ["packages/core/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.test-d.ts"],
      reporter: [["text", { skipFull: true }]],
      thresholds: { 100: true },
    },
  },
});
