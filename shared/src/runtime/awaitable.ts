/** What is there already, or comes: an adapter without input and output of its own answers at once. */
export type Awaitable<T> = T | Promise<T>;
