/** Header fields by their names in lower case, as a parser of HTTP/1 gives them. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The headers of an answer. Single ones are looked up where the parser put them; the platform's list, whose making costs more
 * than all look-ups of a request, is made when somebody asks for more.
 */
export class AnswerHeaders extends Headers {
  #fields: HeaderFields | undefined;

  constructor(fields: HeaderFields) {
    super();
    this.#fields = fields;
  }

  override get(name: string): string | null {
    if (this.#fields === undefined) return super.get(name);
    const value = this.#valueOf(name);
    return typeof value === "string" ? value.trim() : (value?.map((one) => one.trim()).join(", ") ?? null);
  }

  override has(name: string): boolean {
    return this.#fields === undefined ? super.has(name) : this.#valueOf(name) !== undefined;
  }

  override set(name: string, value: string): void {
    this.#fill();
    super.set(name, value);
  }

  override append(name: string, value: string): void {
    this.#fill();
    super.append(name, value);
  }

  override delete(name: string): void {
    this.#fill();
    super.delete(name);
  }

  override getSetCookie(): string[] {
    this.#fill();
    return super.getSetCookie();
  }

  override forEach(visit: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    this.#fill();
    super.forEach(visit, self);
  }

  override keys(): HeadersIterator<string> {
    this.#fill();
    return super.keys();
  }

  override values(): HeadersIterator<string> {
    this.#fill();
    return super.values();
  }

  override entries(): HeadersIterator<[string, string]> {
    this.#fill();
    return super.entries();
  }

  // Its own, so that a copy is made through it, and not out of the list that is still empty.
  override [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.entries();
  }

  #valueOf(name: string): string | readonly string[] | undefined {
    const fields = this.#fields ?? {};
    const key = Object.hasOwn(fields, name) ? name : name.toLowerCase();
    return Object.hasOwn(fields, key) ? fields[key] : undefined;
  }

  #fill(): void {
    const fields = this.#fields;
    if (fields === undefined) return;
    this.#fields = undefined;
    for (const [name, value = []] of Object.entries(fields)) {
      for (const one of typeof value === "string" ? [value] : value) super.append(name, one);
    }
  }
}
