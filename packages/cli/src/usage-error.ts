import { BideError } from "bide";

/** The command line asks for what cannot be. */
export class UsageError extends BideError {
  override readonly code = "BIDE_USAGE";
  override get name(): "UsageError" {
    return "UsageError";
  }
}
