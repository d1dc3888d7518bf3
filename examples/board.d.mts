/** A board of the runs that a Redis has. */
export interface Board {
  fetch(request: Request): Response | Promise<Response>;
  close(): Promise<unknown>;
}
export function boardOf(url: string): Promise<Board>;
