import type { Io } from "../src/io.js";

/** Surroundings that write down what was said to them. */
export interface FakeIo extends Io {
  /** Everything on stderr. */
  said(): string;
  /** Everything on stdout. */
  printed(): string;
}

/** What surrounds a program, where it is not nothing. */
interface Surroundings {
  readonly env?: Io["env"];
  readonly stdin?: string;
  readonly isTTY?: boolean;
}

/** Surroundings without a terminal, a key or anything else, unless told. */
export function fakeIo({ env = {}, stdin = "", isTTY }: Surroundings = {}): FakeIo {
  const [out, err]: string[][] = [[], []];
  return {
    stdout: { isTTY, write: (text) => out?.push(text) },
    stderr: { isTTY, write: (text) => err?.push(text) },
    env,
    readStdin: async () => stdin,
    said: () => err?.join("") ?? "",
    printed: () => out?.join("") ?? "",
  };
}
