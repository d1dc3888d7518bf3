import { defineConfig, mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

// What mutants of core are tried on: the tests that import its sources. Those of other packages, of the build and of the
// browser see what was built before, so they could not kill any.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], reporters: [] } },
  defineConfig({
    test: {
      // The mutants of one folder die quickest by its own tests: BIDE_MUTATION_TESTS="packages/core/src/hedge/*.test.ts".
      include: process.env["BIDE_MUTATION_TESTS"]?.split(",") ?? ["packages/core/{src,test}/**/*.test.ts"],
      // The long ones, which look at the whole from outside, are tried by hand on what the others leave alive.
      exclude: [
        "packages/core/test/{runtimes,hedge-tail,interleavings,properties,contention,retry-storm}.test.ts",
        "packages/core/src/rate-limit/limiter-traces.test.ts",
      ],
      env: { BIDE_PROPERTY_RUNS: "200" },
      // Each mutant has a worker of its own; the files that it is tried on need not have one each.
      isolate: false,
      // A mutant that makes a test hang dies by this, which is quicker than making another worker.
      testTimeout: 5000,
      reporters: [["default", { summary: false }]],
    },
  }),
);
