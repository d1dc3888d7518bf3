// The emulator in a process of its own. It answers "report" with what its log says, so that no client counts for itself.
import { argv } from "node:process";
import { startEmulator } from "../../packages/emulator/dist/index.js";

const { emulator: options, tenantPerSecond } = JSON.parse(argv[2]);
const emulator = await startEmulator({ ...options, logLimit: 1_000_000 });
let stopTenant = () => {};
process.on("message", (message) => {
  if (message === "tenant") stopTenant = startTenant();
  if (message === "leave") stopTenant();
  if (message === "report") process.send(report());
});
process.on("disconnect", () => process.exit());
process.send({ baseUrl: emulator.baseUrl });

/** Another key that spends from the same purse: at its own pace, and a refused request again when it was told to. */
function startTenant() {
  const startedMs = performance.now();
  let isOver = false;
  const body = { model: "gpt-x", max_tokens: 20, messages: [{ role: "user", content: "x".repeat(400) }] };
  const headers = { authorization: "Bearer tenant", "content-type": "application/json" };
  const send = (index) =>
    fetch(`${emulator.baseUrl}/chat/completions`, {
      method: "POST",
      headers,
      body: JSON.stringify({ ...body, user: `${index}` }),
    });
  const run = async () => {
    for (let index = 0; !isOver; index++) {
      const dueMs = startedMs + (index * 1000) / tenantPerSecond;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
      for (;;) {
        // A refusal comes at once; what does not come at once is an answer, and needs not be waited for.
        const response = send(index);
        const soon = await Promise.race([response, new Promise((resolve) => setTimeout(resolve, 50))]);
        response.then((late) => late.arrayBuffer()).catch(() => {});
        if (soon?.status !== 429 || isOver) break;
        await new Promise((resolve) => setTimeout(resolve, Number(soon.headers.get("retry-after-ms"))));
      }
    }
  };
  run().catch((error) => {
    if (!isOver) throw error;
  });
  return () => {
    isOver = true;
  };
}

function report() {
  const log = emulator.log().filter(({ route }) => route === "chat.completions");
  const all = log.map(({ atMs, status, completedAtMs, key, costTokens, customId }) => {
    return { atMs, status, completedAtMs, isTenant: key.endsWith("nant"), costTokens, sentAt: customId };
  });
  return { all, timeOrigin: performance.timeOrigin };
}
