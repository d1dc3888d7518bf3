// Another key that spends from the same purse: at its own pace, and a refused request again when it was told to.

/** A refusal comes at once; what does not come at once is an answer, and needs not be waited for. */
const SOON_MS = 50;

export const TENANT_BODY = { model: "gpt-x", max_tokens: 20, messages: [{ role: "user", content: "x".repeat(400) }] };

/** `send(index)` sends one request; `clock` tells the time and sleeps. */
export async function tenantRun({ perSecond, send, clock, isOver }) {
  const startedMs = clock.nowMs();
  for (let index = 0; !isOver(); index++) {
    await clock.sleep(Math.max(0, startedMs + (index * 1000) / perSecond - clock.nowMs()));
    for (;;) {
      const response = send(index);
      const soon = await Promise.race([response, clock.sleep(SOON_MS)]);
      response.then((late) => late.arrayBuffer()).catch(() => {});
      if (soon?.status !== 429 || isOver()) break;
      await clock.sleep(Number(soon.headers.get("retry-after-ms")));
    }
  }
}
