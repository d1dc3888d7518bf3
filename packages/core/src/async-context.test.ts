import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { type AsyncHooks, contextNow, contextsOf, goOn, type Host } from "./async-context.js";

const store = new AsyncLocalStorage<string>();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const hostWith = (hooks: AsyncHooks): Host => ({
  process: { getBuiltinModule: (name) => (name === "node:async_hooks" ? hooks : undefined) },
});

describe.each([
  ["of this host", () => contextNow],
  ["of a host with async hooks", () => contextsOf(hostWith({ AsyncResource }))],
  ["of a host that has other things built in", () => contextsOf({ process: { getBuiltinModule: () => undefined } })],
  ["of a host that does not say what is built in", () => contextsOf({ process: {} })],
  ["of a host without a process", () => contextsOf({})],
])("the async context %s", (_, contexts) => {
  test("is kept for a step that runs in another one", async () => {
    const seen: unknown[] = [];
    const step = (argument: string): void => void seen.push(argument, store.getStore());
    const context = store.run("the caller's", contexts());
    store.run("another", () => goOn(context, step, "woken in"));
    await turn();
    expect(seen).toEqual(["woken in", "the caller's"]);
  });
});

test("whoever watches resources hears that a context is not needed any more", () => {
  const heard: string[] = [];
  class Resource {
    constructor(type: string, options: { readonly requireManualDestroy: boolean }) {
      heard.push(`${type}, destroyed ${options.requireManualDestroy ? "by hand" : "by the collector"}`);
    }
    runInAsyncScope<A>(step: (argument: A) => void, _self: undefined, argument: A): void {
      step(argument);
    }
    emitDestroy(): void {
      heard.push("destroyed");
    }
  }
  goOn(contextsOf(hostWith({ AsyncResource: Resource }))(), () => heard.push("run"), undefined);
  expect(heard).toEqual(["bide, destroyed by hand", "run", "destroyed"]);
});
