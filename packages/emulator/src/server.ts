import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Endpoint } from "./endpoint.js";
import type { LogEntry } from "./log.js";
import { parseTime, type Time } from "./model/duration.js";
import type { EndpointOptions } from "./options.js";
import { type Door, keepOutages } from "./outage.js";
import { refuseConnection, serve } from "./serving.js";
import type { EmulatorStats } from "./stats.js";

/** Options of {@link startEmulator}. */
export interface EmulatorOptions extends EndpointOptions {
  /** @default 0, any free port */
  readonly port?: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** How long a request may take to arrive whole, on the host's clock. @default "60s" */
  readonly requestTimeout?: Time;
}

/** Defaults of {@link EmulatorOptions}, beside those of the endpoint and the provider. */
export const EMULATOR_DEFAULTS: Readonly<Required<Pick<EmulatorOptions, "port" | "host" | "requestTimeout">>> =
  Object.freeze({ port: 0, host: "127.0.0.1", requestTimeout: "60s" });

/** A running emulator. */
export interface Emulator extends AsyncDisposable {
  /** What OpenAI's clients take as base URL: ends in `/v1`. */
  readonly baseUrl: string;
  /** The server's root, for clients that add their own version, and for `/__admin`. */
  readonly url: string;
  readonly port: number;
  /** The last arrivals, oldest first. */
  log(): readonly LogEntry[];
  stats(): EmulatorStats;
  /** Starts again: full buckets, empty log; brown-outs and changes count from now. */
  reset(): void;
  /** Puts other options in force from now on; brown-outs and changes count from now. Throws `TypeError`, changing nothing. */
  scenario(scenario: EndpointOptions): void;
  /** Stops listening and cuts what is open. */
  close(): Promise<void>;
}

/** Starts an emulated endpoint on loopback. Rejects if the port is taken, and with `TypeError` for a wrong option. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port: wanted, host: givenHost, requestTimeout, ...endpointOptions } = options;
  const host = givenHost ?? EMULATOR_DEFAULTS.host;
  const endpoint = new Endpoint(endpointOptions);
  const server = serverOf(endpoint, parseTime(requestTimeout ?? EMULATOR_DEFAULTS.requestTimeout, "requestTimeout"));
  const port = await listen(server, wanted ?? EMULATOR_DEFAULTS.port, host);
  const outages = new Outages(endpoint, { shut: () => closeServer(server), open: () => reopen(server, port, host) });
  endpoint.onSchedule = () => outages.restart();
  outages.restart();
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const close = async (): Promise<void> => {
    await outages.stop();
    await closeServer(server);
  };
  return {
    url,
    baseUrl: `${url}/v1`,
    port,
    log: () => endpoint.log(),
    stats: () => endpoint.stats(),
    reset: () => endpoint.reset(),
    scenario: (scenario) => endpoint.scenario(scenario),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The outages in force, started again whenever the schedule changes. */
class Outages {
  readonly #endpoint: Endpoint;
  readonly #door: Door;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(endpoint: Endpoint, door: Door) {
    this.#endpoint = endpoint;
    this.#door = door;
  }

  restart(): void {
    const before = this.stop();
    const outages = this.#endpoint.outages();
    if (outages.length === 0) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#running = before.then(() => keepOutages(outages, this.#door, this.#endpoint.clock, signal));
  }

  stop(): Promise<void> {
    this.#stop.abort();
    return this.#running;
  }
}

function serverOf(endpoint: Endpoint, requestTimeoutMs: number): Server {
  const server = createServer(
    {
      keepAliveTimeout: 75_000,
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(30_000, Math.ceil(requestTimeoutMs / 2)),
    },
    (request, response) => serve(endpoint, request, response),
  );
  server.on("clientError", (error, socket) => refuseConnection(endpoint, error, socket));
  return server;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, 4096, () => {
      server.off("error", reject);
      resolve(portOf(server.address()));
    });
  });
}

async function reopen(server: Server, port: number, host: string): Promise<void> {
  await listen(server, port, host);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the emulator listens on no port");
  return address.port;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
