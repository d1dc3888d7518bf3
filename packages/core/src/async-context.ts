/** The async context of one moment, as `AsyncLocalStorage` gives it: what runs in it later finds what was stored then. */
export interface AsyncContext {
  runInAsyncScope<A>(step: (argument: A) => void, self: undefined, argument: A): void;
  /** It is not needed any more. */
  emitDestroy(): unknown;
}

/** The part of the host's `node:async_hooks` that is used here. */
export interface AsyncHooks {
  readonly AsyncResource: new (type: string, options: { readonly requireManualDestroy: boolean }) => AsyncContext;
}

/** The context as every host has it: what follows a promise runs where `then` was called. Weighs seven times the other. */
export class PromisedContext implements AsyncContext {
  #go!: (step: () => void) => void;

  constructor() {
    void new Promise<() => void>((resolve) => {
      this.#go = resolve;
    }).then((step) => step());
  }

  runInAsyncScope<A>(step: (argument: A) => void, _self: undefined, argument: A): void {
    this.#go(() => step(argument));
  }

  emitDestroy(): void {}
}

const MANUAL = { requireManualDestroy: true } as const;

/** What is asked of a host: only some have a `process`, and only some of those say what is built in. */
export interface Host {
  readonly process?: { readonly getBuiltinModule?: (name: string) => AsyncHooks | undefined };
}

/** How the context of a moment is kept on a host: by its hooks, where it has them. */
export function contextsOf({ process }: Host): () => AsyncContext {
  const Resource = process?.getBuiltinModule?.("node:async_hooks")?.AsyncResource;
  return () => (Resource ? new Resource("bide", MANUAL) : new PromisedContext());
}

/** Keeps the caller's async context: one timer of the host wakes the calls of many. */
export const contextNow: () => AsyncContext = /* @__PURE__ */ contextsOf(globalThis as Host);

/** Runs a step in a context that was kept for it. */
export function goOn<A>(context: AsyncContext, step: (argument: A) => void, argument: A): void {
  context.runInAsyncScope(step, undefined, argument);
  context.emitDestroy();
}
