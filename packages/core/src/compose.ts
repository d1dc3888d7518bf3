import { OptionError } from "./errors.js";
import type { Operation, RunOptions, Trace } from "./outcome.js";
import {
  type AnyPolicy,
  type Call,
  coreOf,
  type Execute,
  type ExtraOf,
  type InOf,
  makePolicy,
  type Policy,
} from "./policy.js";

/** What all layers take: one that takes less takes it for all. */
type InOfAll<P extends readonly AnyPolicy[]> = {
  readonly [K in keyof P]: (value: InOf<P[K]>) => void;
}[number] extends (value: infer In) => void
  ? In
  : never;

/**
 * One policy of several, outermost first: `compose(a, b)` runs `a` around `b` around the operation.
 *
 * @throws OptionError for what is no policy, and for none at all.
 */
export function compose<const P extends readonly AnyPolicy[]>(...policies: P): Policy<InOfAll<P>, ExtraOf<P[number]>> {
  if (policies.length === 0) throw new OptionError("policies", "expected at least one policy to compose, got none");
  const cores = policies.map(coreOf);
  const layers = cores.map(({ execute }) => execute);
  return makePolicy({
    execute: (operation, options, trace, call) => nested(layers, 0, operation, options, trace, call),
    clock: cores.find((core) => core.clock)?.clock,
    signals: cores.flatMap((core) => core.signals ?? []),
    describe: () => cores.flatMap((core) => core.describe()),
  });
}

function nested<T>(
  layers: readonly Execute[],
  layer: number,
  operation: Operation<T>,
  options: RunOptions | undefined,
  trace: Trace | undefined,
  call: Call | undefined,
): Promise<T> {
  const execute = layers[layer] as Execute;
  if (layer === layers.length - 1) return execute(operation, options, trace, call);
  const inner: Operation<T> = (attempt) => nested(layers, layer + 1, operation, attempt, trace, call);
  return execute(inner, options, trace, call, true);
}
