import { styleText } from "node:util";
import type { Io, Output } from "../io.js";

/** How text may look on a stream. */
export interface Look {
  /** Whether what was drawn may be drawn over: on a terminal that is one, with a person before it. */
  readonly isLively: boolean;
  readonly hasColours: boolean;
  /** Whether blocks and other signs can be shown. */
  readonly hasSigns: boolean;
}

/** Reads how text may look from the stream and its surroundings. @see https://no-color.org */
export function lookOf({ isTTY }: Output, env: Io["env"]): Look {
  const isTerminal = isTTY === true && env["TERM"] !== "dumb";
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return {
    isLively: isTerminal && !env["CI"],
    hasColours: isTerminal && !env["NO_COLOR"],
    hasSigns: /utf-?8/i.test(locale),
  };
}

/** A text in a colour, where colours are. */
export function coloured({ hasColours }: Look, colour: "green" | "red" | "yellow" | "dim", text: string): string {
  // Whether there are colours is decided already, and by the stream that the text goes to.
  return hasColours ? styleText(colour, text, { validateStream: false }) : text;
}
