import type { Clock } from "bide";

/** Does something again and again. @returns What ends that. */
export function every(ms: number, clock: Clock, action: () => void): () => void {
  const controller = new AbortController();
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(ms, controller.signal);
      action();
    }
  };
  loop().catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
  return () => controller.abort();
}
