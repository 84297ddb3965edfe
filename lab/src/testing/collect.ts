/** Everything that an asynchronous sequence yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export async function* asyncOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
