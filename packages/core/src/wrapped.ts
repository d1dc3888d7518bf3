/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;

type ReturnsPlainPromise<F> = F extends (...args: never[]) => infer R
  ? R extends Promise<infer T>
    ? Promise<T> extends R
      ? true
      : false
    : false
  : false;

type Settled<R, Extra> = Promise<Awaited<R> | Extra>;

/** An intersection of call signatures, one for each overload of `F`, up to four. */
type Promised<F, Extra> = unknown extends Overloads<F, Extra> ? Only<F, Extra> : Overloads<F, Extra>;

/** The signature of a function that takes anything and returns anything, as made-up ones do. */
type Only<F, Extra> = F extends (...args: infer A) => infer R
  ? (this: ThisParameterType<F>, ...args: A) => Settled<R, Extra>
  : never;

type Overloads<F, Extra> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
}
  ? Signature<F, A1, R1, Extra> &
      Signature<F, A2, R2, Extra> &
      Signature<F, A3, R3, Extra> &
      Signature<F, A4, R4, Extra>
  : never;

/** Signatures that inference made up for a function with fewer than four take `unknown[]` or `never[]`; they drop out. */
type Signature<F, A extends unknown[], R, Extra> = unknown extends R
  ? unknown[] extends A
    ? unknown
    : (this: ThisParameterType<F>, ...args: A) => Settled<R, Extra>
  : (this: ThisParameterType<F>, ...args: A) => Settled<R, Extra>;

/**
 * The type of a wrapped function: `F` itself where it returns a plain promise already (generics and overloads and all),
 * else the same up to four overloads, each returning a plain promise. Own properties are kept.
 */
export type Wrapped<F, Extra = never> = [Extra] extends [never]
  ? ReturnsPlainPromise<F> extends true
    ? F
    : Promised<F, Extra> & Pick<F, keyof F>
  : Promised<F, Extra> & Pick<F, keyof F>;
