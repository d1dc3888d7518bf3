/** The program's path. Throws, with how to get one, when there is none. */
export function chromiumPath(): string;
/** What a headless Chromium needs in a container without a user, a GPU or a network. */
export const CHROMIUM_FLAGS: readonly string[];
