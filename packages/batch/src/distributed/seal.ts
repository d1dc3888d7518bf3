import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { BideError } from "bide";

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What a coordinator seals for workers to open: who cannot has another secret, and takes no jobs. */
export const PROOF = "bide";
const CLEAR = "c";
const SEALED = "s";

/** What is in Redis cannot be read with the secret that this side has. */
export class SealError extends BideError {
  override readonly code = "BIDE_SEAL";
  override get name(): "SealError" {
    return "SealError";
  }
}

/** Hides prompts and answers from Redis, and from who reads it: coordinator and workers share a secret that it never sees. */
export class Seal {
  readonly #key: Buffer | undefined;

  /** @param secret Any text of enough chance; none: everything stays readable. */
  constructor(secret: string | undefined, run: string) {
    // HKDF stretches nothing: the secret has to be a long, random one. Each run has a key of its own.
    this.#key = secret === undefined ? undefined : Buffer.from(hkdfSync("sha256", secret, run, "bide batch", 32));
  }

  close(text: string): string {
    if (this.#key === undefined) return CLEAR + text;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return SEALED + Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
  }

  /** @throws SealError where the secret is missing or another one, or the text was changed. */
  open(text: string): string {
    if (text.startsWith(CLEAR) && this.#key === undefined) return text.slice(CLEAR.length);
    if (this.#key === undefined) throw new SealError("the run is encrypted; set the secret that its coordinator has");
    if (!text.startsWith(SEALED)) throw new SealError("the run is not encrypted, and this side expects it to be");
    const bytes = Buffer.from(text.slice(SEALED.length), "base64");
    const decipher = createDecipheriv(ALGORITHM, this.#key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString();
    } catch (cause) {
      throw new SealError("the secret is not the one of the run", { cause });
    }
  }
}
