/** A body that is announced to be this small costs less to read than its connection costs to open again. */
const DRAINED_BYTES = 16_384;

/**
 * Lets go of a response that nobody will read. A body left alone holds its connection until the garbage collector comes by:
 * a small one is read to its end, so that the connection can be used again, any other is cancelled.
 * A body that a hook has begun to read is left to it.
 */
export function discard(response: Response): void {
  if (response.bodyUsed) return;
  const announced = Number(response.headers.get("content-length") ?? Number.NaN);
  const gone = announced <= DRAINED_BYTES ? response.arrayBuffer() : response.body?.cancel();
  // It broke off, or somebody else is reading it: in both cases there is nothing left to let go of.
  gone?.catch(nothing);
}

function nothing(): void {}
