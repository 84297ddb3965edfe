import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

export type SeenState = { readonly warehouse: string; readonly sku: string; readonly sequence: number };

/** Follows every change of central's answers over its event stream, as a storefront would. */
export class AvailabilityWatch {
  readonly #response: IncomingMessage;
  readonly #onSeen: (seen: SeenState) => void;
  #unfinished = '';

  private constructor(response: IncomingMessage, onSeen: (seen: SeenState) => void) {
    this.#response = response;
    this.#onSeen = onSeen;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#take(text));
  }

  /** Resolves when central has begun to answer: nothing that changes from now on is missed. */
  static async start(centralUrl: string, onSeen: (seen: SeenState) => void): Promise<AvailabilityWatch> {
    const request = get(`${centralUrl}/v1/availability/stream`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`central answered its stream with ${response.statusCode}`);
    return new AvailabilityWatch(response, onSeen);
  }

  stop(): void {
    this.#response.destroy();
  }

  #take(text: string): void {
    const lines = (this.#unfinished + text).split('\n');
    this.#unfinished = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: {')) this.#event(line.slice('data: '.length));
  }

  #event(json: string): void {
    const { sku, warehouses = [] } = JSON.parse(json) as {
      readonly sku: string;
      readonly warehouses?: readonly { readonly warehouse: string; readonly sequence: number }[];
    };
    for (const { warehouse, sequence } of warehouses) this.#onSeen({ warehouse, sku, sequence });
  }
}
