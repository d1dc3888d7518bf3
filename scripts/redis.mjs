// Finds a Redis for tests, and starts servers for those that restart, kill or cluster one.
// As a program it prints a URL: `node scripts/redis.mjs`. Tests import `redisUrl`, `startRedis` and `startCluster`.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installDebian, onPath } from "./programs.mjs";

const DEFAULT_PORT = 6379;
const NAMES = ["redis-server", "valkey-server"];
const HOW_TO_GET_IT =
  "no Redis found: install one (Debian: `apt-get install -y redis-server`; macOS: `brew install redis`), start one on " +
  "127.0.0.1:6379, or set REDIS_URL";
const STARTS_WITHIN_MS = 20_000;
const SLOTS = 16_384;

const started = new Set();
process.once("exit", () => {
  for (const server of started) server.abandon();
});

let found;

/** The URL of a Redis that may be shared: named, already there, or started for this process. Throws when there is none. */
export function redisUrl() {
  found ??= find();
  return found;
}

async function find() {
  const named = process.env["REDIS_URL"];
  if (named) {
    const { hostname, port } = new URL(named);
    if (await answers(Number(port || DEFAULT_PORT), hostname)) return named;
    throw new Error(`REDIS_URL names ${hostname}:${port || DEFAULT_PORT}, where no Redis answers`);
  }
  if (await answers(DEFAULT_PORT)) return `redis://127.0.0.1:${DEFAULT_PORT}`;
  return (await startRedis()).url;
}

/**
 * Starts a server of its own, in a folder that is removed with it. `kill` ends it at once, `restart` starts it again on the
 * same port and folder, `stop` ends it and removes the folder. It keeps nothing on the disk unless `config` says so.
 */
export async function startRedis({ port, config = ["--save", "", "--appendonly", "no"] } = {}) {
  const program = redisProgram();
  const server = new Server(program, port ?? (await freePort()), config);
  started.add(server);
  try {
    await server.restart();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Three masters that share the slots. */
export async function startCluster() {
  const config = ["--save", "", "--appendonly", "no", "--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
  const servers = [];
  for (let node = 0; node < 3; node++) servers.push(await startRedis({ port: await freeClusterPort(), config }));
  await Promise.all(servers.map(({ port }, index) => command(port, ["CLUSTER", "ADDSLOTSRANGE", ...slotsOf(index)])));
  const [first, ...others] = servers;
  for (const { port } of others) await command(first.port, ["CLUSTER", "MEET", "127.0.0.1", String(port)]);
  await until(async () => {
    const states = await Promise.all(servers.map(({ port }) => command(port, ["CLUSTER", "INFO"])));
    return states.every((state) => /cluster_state:ok/.test(state) && /cluster_known_nodes:3/.test(state));
  }, "the cluster's nodes did not find one another");
  return {
    nodes: servers.map(({ port }) => ({ host: "127.0.0.1", port })),
    stop: async () => {
      for (const server of servers) await server.stop();
    },
  };
}

class Server {
  #program;
  #config;
  #process;
  #folder = mkdtempSync(join(tmpdir(), "bide-redis-"));

  constructor(program, port, config) {
    this.#program = program;
    this.port = port;
    this.#config = config;
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.#process?.pid;
  }

  async restart() {
    const args = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#folder, ...this.#config];
    this.#process = spawn(this.#program, args, { stdio: "ignore" });
    this.#process.unref();
    await until(() => answers(this.port), `\`${this.#program}\` on port ${this.port} does not answer`);
  }

  /** Ends it as a crash would. */
  async kill() {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.ref();
    child.kill("SIGKILL");
    await ended;
  }

  /** All that can be done while this process exits. */
  abandon() {
    this.#process?.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async stop() {
    await this.kill();
    started.delete(this);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function redisProgram() {
  const program = onPath(NAMES) ?? installed();
  if (program === undefined) throw new Error(HOW_TO_GET_IT);
  return program;
}

function installed() {
  // The package starts the server as a service where there are services; ours is started here.
  return installDebian("redis-server", HOW_TO_GET_IT, { RUNLEVEL: "1" }) ? onPath(NAMES) : undefined;
}

function answers(port, host = "127.0.0.1") {
  return command(port, ["PING"], host).then(
    // A server that wants a password is a server; one that still loads its data is none yet.
    (answer) => /^\+PONG|^-NOAUTH/.test(answer),
    () => false,
  );
}

/** Sends one command and returns the answer as it comes: enough for what stands here. */
function command(port, words, host = "127.0.0.1") {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    socket.setTimeout(2000, () => socket.destroy(new Error("no answer")));
    socket.on("error", reject);
    socket.on("connect", () => {
      const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${parts.join("")}`);
    });
    socket.on("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
  });
}

async function until(condition, problem) {
  const endsAt = Date.now() + STARTS_WITHIN_MS;
  while (!(await condition())) {
    if (Date.now() > endsAt) throw new Error(`${problem} after ${STARTS_WITHIN_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function slotsOf(index) {
  const bound = (at) => Math.floor((SLOTS * at) / 3);
  return [String(bound(index)), String(bound(index + 1) - 1)];
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A cluster's node talks to the others on its port and 10,000 more. */
async function freeClusterPort() {
  for (;;) {
    const port = await freePort();
    if (port < 55_000) return port;
    // Ports that systems give out are often above that: one below them is as good as free.
    const below = 20_000 + Math.floor(Math.random() * 10_000);
    if (!(await answers(below))) return below;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(await redisUrl());
  process.exit(0);
}
