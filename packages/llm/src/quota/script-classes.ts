/**
 * Characters per token, by what the characters are. Measured with o200k over problems in eight languages, prompts, code,
 * identifiers and encoded bytes; other vocabularies differ by a factor, which {@link Calibration} finds.
 */
const CHARACTERS_PER_TOKEN = {
  /** Latin letters and the spaces between words. */
  word: 4.9,
  digit: 2,
  /** Punctuation and operators. */
  symbol: 1.7,
  /** Letters and digits mixed, or in runs longer than words are: base64, hashes, identifiers. */
  dense: 1.5,
  accented: 2.6,
  cyrillic: 3.3,
  greek: 2.5,
  arabic: 2.9,
  indic: 2.75,
  thai: 2.3,
  hangul: 1.6,
  han: 1.25,
  kana: 1.35,
  other: 1.2,
} as const;

type ScriptClass = keyof typeof CHARACTERS_PER_TOKEN;

/** The last code unit of each stretch of the Unicode table, in order. */
const STRETCHES: readonly (readonly [number, ScriptClass])[] = [
  [0x24f, "accented"],
  [0x36f, "other"],
  [0x3ff, "greek"],
  [0x52f, "cyrillic"],
  [0x58f, "other"],
  [0x8ff, "arabic"],
  [0xdff, "indic"],
  [0xeff, "thai"],
  [0x10ff, "other"],
  [0x11ff, "hangul"],
  [0x1fff, "accented"],
  [0x2fff, "symbol"],
  [0x30ff, "kana"],
  [0x33ff, "han"],
  [0x9fff, "han"],
  [0xabff, "other"],
  [0xd7ff, "hangul"],
  [0xf8ff, "other"],
  [0xfaff, "han"],
  [0xfeff, "arabic"],
  [0xffff, "kana"],
];

/** No word is that long; encoded bytes are. */
const LONGEST_WORD = 20;

/**
 * Tokens of a text, by the classes of its characters: no vocabulary, one pass. About a tenth off in prose of most scripts; formal
 * Russian has up to a third fewer tokens, as o200k knows its long words whole.
 */
export function roughTokens(text: string): number {
  let tokens = 0;
  for (let index = 0; index < text.length; ) {
    const end = runEnd(text, index);
    if (end > index) {
      tokens += runTokens(text, index, end);
      index = end;
    } else {
      tokens += 1 / CHARACTERS_PER_TOKEN[classOf(text.charCodeAt(index))];
      index++;
    }
  }
  return Math.ceil(tokens);
}

/** The end of the run of ASCII letters and digits that begins here. */
function runEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && (isLetter(text.charCodeAt(end)) || isDigit(text.charCodeAt(end)))) end++;
  return end;
}

function runTokens(text: string, from: number, end: number): number {
  let digits = 0;
  for (let index = from; index < end; index++) if (isDigit(text.charCodeAt(index))) digits++;
  const length = end - from;
  const isMixed = digits > 0 && digits < length && length > 6;
  if (isMixed || (length > LONGEST_WORD && digits < length)) return length / CHARACTERS_PER_TOKEN.dense;
  return digits / CHARACTERS_PER_TOKEN.digit + (length - digits) / CHARACTERS_PER_TOKEN.word;
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function classOf(code: number): ScriptClass {
  if (code === 0x20) return "word";
  if (code < 0x80) return "symbol";
  for (const [last, name] of STRETCHES) if (code <= last) return name;
  return "other";
}
