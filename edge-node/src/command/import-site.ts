import { centralAt, nodeAt } from '@edgestock/shared/command/named-door';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { DataDirectoryInUse } from '@edgestock/shared/sqlite/process-lock';
import type { BadBarcodePolicy } from '../import/catalogue-rows.ts';
import { CentralDoor } from '../import/central-door.ts';
import { CentralImport } from '../import/central-import.ts';
import { ImportJobs } from '../import/import-jobs.ts';
import type { ImportTarget } from '../import/import-target.ts';
import { RemoteImport } from '../import/remote-import.ts';
import { Ledger } from '../ledger/ledger.ts';
import { EdgeStore } from '../store/edge-store.ts';
import { warehouseOf } from '../store/warehouse-of.ts';

/** Where the rows go, opened. `close` gives it back. */
export type ImportSite = { readonly target: ImportTarget; readonly warehouse: string; close(): Promise<void> };

type SiteChoice = {
  readonly central?: string | undefined;
  readonly badBarcodes?: BadBarcodePolicy;
  readonly node?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly warehouse?: string | undefined;
};

/** The running node or the data directory that was named; `undefined` when neither was. Throws `WrongCall`. */
export async function openImportSite(choice: SiteChoice): Promise<ImportSite | undefined> {
  const { node, dataDir, central } = choice;
  if (central !== undefined) {
    if (node === undefined && dataDir === undefined) return centralSite(central, choice.badBarcodes ?? 'refuse');
    throw new WrongCall('--central is a place of its own', 'Name central, or one node by --node or --data-dir.');
  }
  if (node !== undefined && dataDir !== undefined) {
    throw new WrongCall(
      '--node and --data-dir are two places',
      'Name the running node, or the directory of a stopped one.',
    );
  }
  if (node !== undefined) return runningNode(node, choice.warehouse);
  return dataDir === undefined ? undefined : dataDirectory(dataDir, choice.warehouse);
}

async function centralSite(address: string, badBarcodes: BadBarcodePolicy): Promise<ImportSite> {
  const { door } = await centralAt({ flag: '--central', address });
  const central = new CentralDoor({ door, clock: systemClock, random: systemRandom });
  const target = await CentralImport.open(central, badBarcodes);
  return { target, warehouse: 'central', close: async () => target.close() };
}

async function runningNode(address: string, expected: string | undefined): Promise<ImportSite> {
  const { door, status } = await nodeAt({ flag: '--node', address });
  const { warehouse } = status;
  const target = new RemoteImport({ door, clock: systemClock });
  if (expected !== undefined && expected !== warehouse) {
    throw new WrongCall(
      `${door.url} is the node of ${warehouse}, not of ${expected}`,
      'Name the right --node or --warehouse.',
    );
  }
  return { target, warehouse, close: async () => undefined };
}

function dataDirectory(dataDir: string, named: string | undefined): ImportSite {
  const text = named ?? warehouseOf(dataDir);
  if (text === undefined) {
    throw new WrongCall(`no node has used ${dataDir} yet`, 'Name the warehouse it will belong to: --warehouse BER1');
  }
  const warehouse = parseWarehouseId(text);
  if (warehouse === undefined) {
    throw new WrongCall(`${text} cannot be a warehouse`, 'Use up to 32 letters, digits, - and _, like BER1.');
  }
  const store = openStore(dataDir, warehouse);
  const ledger = new Ledger({ store, clock: systemClock });
  const target = new ImportJobs({ store, ledger, clock: systemClock, log: silentLog });
  const close = async () => {
    await target.stop();
    await ledger.stop();
    store.close();
  };
  return { target, warehouse, close };
}

function openStore(dataDir: string, warehouse: NonNullable<ReturnType<typeof parseWarehouseId>>): EdgeStore {
  try {
    return EdgeStore.open({ dataDir, warehouse, clock: systemClock, random: systemRandom });
  } catch (error) {
    if (!(error instanceof DataDirectoryInUse)) throw error;
    const hint = 'Import through it with --node http://127.0.0.1:7100 (its address), or stop it first.';
    throw new WrongCall(`a node is running on ${dataDir}`, hint, { cause: error });
  }
}
