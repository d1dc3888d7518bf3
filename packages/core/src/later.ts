/** Whether an answer that may be there at once comes later. */
export function isLater<T>(answer: T | PromiseLike<T> | undefined): answer is PromiseLike<T> {
  return (answer as Partial<PromiseLike<T>> | undefined)?.then !== undefined;
}
