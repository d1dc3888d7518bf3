/** Chooses one of so many options, by its index. */
export type Choose = (options: number) => number;

/**
 * Plays something once for every sequence of choices that it may be given, depth first, and returns how often that was.
 * What is played has to be the same for the same choices, and to come to an end.
 */
export async function everyOrder(play: (choose: Choose) => Promise<void>): Promise<number> {
  const path: { picked: number; readonly of: number }[] = [];
  for (let plays = 1; ; plays++) {
    let depth = 0;
    await play((options) => {
      const choice = path[depth] ?? { picked: 0, of: options };
      if (choice.of !== options) throw new Error(`choice ${depth} was of ${choice.of} and now is of ${options}`);
      path[depth++] = choice;
      return choice.picked;
    });
    for (let last = path.at(-1); last && ++last.picked === last.of; last = path.at(-1)) path.pop();
    if (path.length === 0) return plays;
  }
}
