// The emulator in a process of its own. It answers "report" with what its log says, so that no client counts for itself.
import { argv } from "node:process";
import { startEmulator } from "../../packages/emulator/dist/index.js";
import { TENANT_BODY, tenantRun } from "./tenant.mjs";

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

function startTenant() {
  let isOver = false;
  const headers = { authorization: "Bearer tenant", "content-type": "application/json" };
  const send = (index) =>
    fetch(`${emulator.baseUrl}/chat/completions`, {
      method: "POST",
      headers,
      body: JSON.stringify({ ...TENANT_BODY, user: `${index}` }),
    });
  const clock = {
    nowMs: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
  tenantRun({ perSecond: tenantPerSecond, send, clock, isOver: () => isOver }).catch((error) => {
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
