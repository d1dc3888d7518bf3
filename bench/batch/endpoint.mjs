// An emulator in a process of its own, as `fork` starts it: options as JSON in, base URL out, its log when asked for.
import { argv } from "node:process";
import { startEmulator } from "../../packages/emulator/dist/index.js";

const emulator = await startEmulator(JSON.parse(argv[2] ?? "{}"));
process.on("message", () => process.send({ log: emulator.log(), stats: emulator.stats() }));
process.on("disconnect", () => process.exit());
process.send({ baseUrl: emulator.baseUrl });
