import { isUtf8 } from "node:buffer";
import { InputError } from "../errors.js";

/** One line of a file, without its line feed. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Where the line begins, in bytes from the start of the file. */
  readonly offset: number;
  /** Valid UTF-8. */
  readonly bytes: Buffer;
}

/** The longest line that is read, in bytes: far above any request, and what bounds the memory of a reader. */
export const LONGEST_LINE_BYTES: number = 32 * 1024 * 1024;

const LINE_FEED = 0x0a;

/**
 * The lines of a stream, a piece of the stream at a time, in memory that does not grow with the file.
 *
 * @throws InputError for a line that is no UTF-8 or longer than {@link LONGEST_LINE_BYTES}.
 */
export async function* linesOf(pieces: AsyncIterable<Buffer>, file: string): AsyncIterable<readonly Line[]> {
  const reader = new LineReader(file);
  for await (const piece of pieces) {
    const lines = reader.push(piece);
    if (lines.length > 0) yield lines;
  }
  const last = reader.end();
  if (last !== undefined) yield [last];
}

class LineReader {
  readonly #file: string;
  /** Pieces of the line that has begun; joined once, so that a long line costs no more than its length. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #offset = 0;
  #number = 1;

  constructor(file: string) {
    this.#file = file;
  }

  push(piece: Buffer): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = piece.indexOf(LINE_FEED); end !== -1; end = piece.indexOf(LINE_FEED, from)) {
      lines.push(this.#finish(piece.subarray(from, end)));
      from = end + 1;
    }
    if (from < piece.length) this.#keep(piece.subarray(from));
    return lines;
  }

  /** The line that no line feed ends. */
  end(): Line | undefined {
    return this.#begunBytes > 0 ? this.#finish(Buffer.alloc(0)) : undefined;
  }

  #keep(piece: Buffer): void {
    this.#begun.push(piece);
    this.#begunBytes += piece.length;
    if (this.#begunBytes > LONGEST_LINE_BYTES) {
      const most = LONGEST_LINE_BYTES / 1024 / 1024;
      throw new InputError(this.#file, this.#number, `the line is longer than ${most} MiB, the most that one may have`);
    }
  }

  #finish(rest: Buffer): Line {
    const bytes = this.#begun.length === 0 ? rest : Buffer.concat([...this.#begun, rest]);
    const line: Line = { number: this.#number, offset: this.#offset, bytes };
    if (!isUtf8(bytes)) throw new InputError(this.#file, line.number, `not valid UTF-8 ${nearInvalid(bytes)}`);
    this.#begun = [];
    this.#begunBytes = 0;
    this.#number++;
    this.#offset += bytes.length + 1;
    return line;
  }
}

/** Where the text stops to be UTF-8: decoding replaces what is wrong, and the first difference is the place. */
function nearInvalid(bytes: Buffer): string {
  const decoded = Buffer.from(bytes.toString("utf8"), "utf8");
  let at = 0;
  while (at < bytes.length && bytes[at] === decoded[at]) at++;
  const hex = (bytes[at] ?? 0).toString(16).padStart(2, "0").toUpperCase();
  return `(byte 0x${hex} at position ${at + 1} of the line); save the file as UTF-8`;
}
