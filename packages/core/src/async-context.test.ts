import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { type AsyncHooks, contextNow, contextsOf, goOn } from "./async-context.js";

const store = new AsyncLocalStorage<string>();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each([
  ["of this host", contextNow],
  ["of a host with async hooks", contextsOf({ AsyncResource })],
  ["of a host without", contextsOf(undefined)],
])("the async context %s", (_, now) => {
  test("is kept for a step that runs in another one", async () => {
    const seen: unknown[] = [];
    const step = (argument: string): void => void seen.push(argument, store.getStore());
    const context = store.run("the caller's", now);
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
  const hooks: AsyncHooks = { AsyncResource: Resource };
  goOn(contextsOf(hooks)(), () => heard.push("run"), undefined);
  expect(heard).toEqual(["bide, destroyed by hand", "run", "destroyed"]);
});
