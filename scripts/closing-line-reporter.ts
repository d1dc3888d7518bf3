import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Prints one plain line at the very end, `N passed, N failed`, for whoever reads only the tail of a log. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map(stateOf));
    const passed = states.filter((state) => state === "passed").length;
    const broken = modules.filter((module) => module.state() === "failed" && module.errors().length > 0).length;
    const failed = states.filter((state) => state === "failed").length + broken;
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  }
}

function stateOf(test: TestCase): string {
  return test.result().state;
}
