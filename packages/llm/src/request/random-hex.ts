import type { Random } from "bide";

/** Sixteen hex digits, for names that no two requests share. */
export function randomHex(random: Random): string {
  const digits = (): string =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return digits() + digits();
}
