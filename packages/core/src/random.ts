/** A source of chance: each call returns a number in [0, 1), evenly spread. `Math.random` is one. */
export type Random = () => number;

/** The chance that policies use unless told otherwise. */
export const systemRandom: Random = Math.random;
