import { mixSeed, seededRandom } from "./hash.js";

/** How long answers are: a median, and the sigma of the logarithm around it. */
export interface AnswerLength {
  readonly medianTokens: number;
  readonly sigma: number;
}

/** Short answers of about forty words, so that tests stay quick. */
export const SHORT_ANSWERS: AnswerLength = { medianTokens: 40, sigma: 0.5 };

/** An answer as the model says it: one entry per token, to be joined without a space between. */
export interface Answer {
  readonly tokens: readonly string[];
  /** Whether the caller's bound cut it. */
  readonly cut: boolean;
}

const WORDS: readonly string[] =
  "the a of and to in is it that for as with was on are this by be at from or an have not which but all were when we there can more one if out so up what about some would time they other into only new these than may then also our first two any over such most even after through much where before right too each between both under never while last might great still own see make way long little good same another know back life naïve café über Łódź 東京 😀".split(
    " ",
  );

/** How many tokens the answer to a prompt has if nothing cuts it. */
export function answerTokens(length: AnswerLength, promptHash: string, seed: number): number {
  const random = seededRandom(mixSeed(promptHash, seed, 0x1e4));
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.max(1, Math.round(length.medianTokens * Math.exp(length.sigma * normal)));
}

/** The answer to a prompt: words that mean nothing, always the same for the same prompt and seed. */
export function answerTo(promptHash: string, tokens: number, bound: number | undefined, seed: number): Answer {
  const random = seededRandom(mixSeed(promptHash, seed, 0xa25));
  const count = Math.min(tokens, bound ?? Number.POSITIVE_INFINITY);
  const words: string[] = [];
  for (let index = 0; index < count; index++) {
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? "the";
    words.push(index === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : ` ${word}`);
  }
  const last = words.pop();
  if (last !== undefined) words.push(count === tokens ? `${last}.` : last);
  return { tokens: words, cut: count < tokens };
}

/** Cuts a given text into tokens of about four characters, never inside a surrogate pair. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/[\s\S]{1,4}(?<![\uD800-\uDBFF])|[\s\S]{1,5}/g) ?? [];
}
