import { UsageError } from "./usage-error.js";

/** Reads `.env` of the current folder into the environment, where there is one. What is set already wins. */
export function loadDotEnv(): void {
  try {
    process.loadEnvFile();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw new UsageError(".env cannot be read", { cause: error });
  }
}
