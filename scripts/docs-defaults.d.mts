/** The page with the defaults of these constants in its tables. Throws when a table lacks one, or a constant is missing. */
export function withDefaults(page: string, constants: Readonly<Record<string, unknown>>): string;
/** Every page of the documentation, by its path from the root. */
export function pages(): readonly string[];
