import { defineConfig, mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

// What mutants of core are tried on: the tests that import its sources. Those of other packages, of the build and of the
// browser see what was built before, so they could not kill any.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], reporters: [] } },
  defineConfig({
    test: {
      include: ["packages/core/{src,test}/**/*.test.ts"],
      exclude: ["packages/core/test/runtimes.test.ts", "packages/core/test/hedge-tail.test.ts"],
      // A mutant has to show in fewer cases, and in fewer orders of events.
      env: { BIDE_PROPERTY_RUNS: "200", BIDE_EXPLORED_DEPTH: "4" },
      reporters: ["dot"],
    },
  }),
);
