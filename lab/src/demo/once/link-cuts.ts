import type { TcpProxy } from '../../proxy/tcp-proxy.ts';

/** The warehouses whose links are cut: spread evenly over all, at least one. */
export function warehousesToCut(warehouses: readonly string[], share: number): readonly string[] {
  const count = share === 0 ? 0 : Math.max(1, Math.round(warehouses.length * share));
  return Array.from(
    { length: count },
    (_, index) => warehouses[Math.floor(((index + 0.5) * warehouses.length) / count)] ?? '',
  );
}

/** Cuts the links at one third of the way and heals them at two thirds. */
export class LinkCuts {
  readonly #links: ReadonlyMap<string, TcpProxy>;
  readonly #cutAt: number;
  readonly #healAt: number;

  constructor(links: ReadonlyMap<string, TcpProxy>, receipts: number) {
    this.#links = links;
    this.#cutAt = Math.ceil(receipts / 3);
    this.#healAt = Math.ceil((2 * receipts) / 3);
  }

  /** Call with each receipt's number. */
  onReceipt(number: number): void {
    if (number === this.#cutAt) for (const link of this.#links.values()) link.cut();
    if (number === this.#healAt) this.healAll();
  }

  healAll(): void {
    for (const link of this.#links.values()) if (link.link.state !== 'pass') link.heal();
  }

  isConnected(warehouse: string): boolean {
    return (this.#links.get(warehouse)?.link.state ?? 'pass') === 'pass';
  }
}
