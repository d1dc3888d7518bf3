import { type AnyPolicy, coreOf, type LayerDescription } from "./policy.js";

/** The layers of a policy, outermost first: plain data, and as a string a sentence per layer. */
export interface PolicyDescription extends ReadonlyArray<LayerDescription> {
  toString(): string;
}

/**
 * What a policy is made of, as data: for logs, tests, and whoever wonders in which order a composition works.
 * `String(describe(policy))` is a sentence per layer, outermost first.
 *
 * @throws OptionError when `policy` is none of bide.
 */
export function describe(policy: AnyPolicy): PolicyDescription {
  const described = coreOf(policy).describe();
  const layers = isList(described) ? [...described] : [described];
  // Not enumerable: to `JSON.stringify` and to a comparison this is an array like any other.
  return Object.defineProperty(layers, "toString", { value: () => layers.map(sentence).join("\n") });
}

function isList(value: LayerDescription | readonly LayerDescription[]): value is readonly LayerDescription[] {
  return Array.isArray(value);
}

function sentence({ policy, name, summary }: LayerDescription, index: number): string {
  return `${index + 1}. ${policy}${name === undefined ? "" : ` "${name}"`} ${summary}.`;
}
