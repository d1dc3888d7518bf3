import type { Io } from "../src/io.js";

/** Surroundings that write down what was said to them. */
export interface FakeIo extends Io {
  /** Everything on stderr. */
  said(): string;
  /** Everything on stdout. */
  printed(): string;
}

/** Surroundings without a terminal, a key or anything else. */
export function fakeIo(env: Io["env"] = {}): FakeIo {
  const [out, err]: string[][] = [[], []];
  return {
    stdout: { write: (text) => out?.push(text) },
    stderr: { write: (text) => err?.push(text) },
    env,
    said: () => err?.join("") ?? "",
    printed: () => out?.join("") ?? "",
  };
}
