/** A place that sells. Only the web shop exists until channels and quotas arrive; the key is in every table from the start. */
export type Channel = 'default';

export const DEFAULT_CHANNEL: Channel = 'default';

/** The channel, or `undefined` when there is none of that name. */
export function parseChannel(text: string): Channel | undefined {
  return text === DEFAULT_CHANNEL ? DEFAULT_CHANNEL : undefined;
}
