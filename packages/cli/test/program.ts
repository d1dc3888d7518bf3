// The program in a process of its own, for tests that send it signals.
import { main } from "../src/main.js";

process.exitCode = await main(process.argv.slice(2));
