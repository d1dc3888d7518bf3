/** A server of one's own, in a folder that goes with it. */
export interface OwnRedis {
  readonly port: number;
  readonly url: string;
  readonly pid: number | undefined;
  /** Starts it again on the same port, with what it kept on the disk. */
  restart(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export function redisUrl(): Promise<string>;
export function startRedis(options?: { port?: number; config?: readonly string[] }): Promise<OwnRedis>;
export function startCluster(): Promise<{
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  stop(): Promise<void>;
}>;
