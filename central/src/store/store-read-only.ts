import { StoreFailing } from './store-failing.ts';

/** The store's server is there, and takes no writes. Nothing of the call took effect. */
export class StoreReadOnly extends StoreFailing {
  override readonly name = 'StoreReadOnly';
  readonly reason = 'store-read-only';
  readonly hint =
    'Is that server the primary? After a failover the address may lead to a standby: put it right (EDGESTOCK_CENTRAL_STORE or --store), or name all servers there with target_session_attrs=primary. Else see who has set default_transaction_read_only; hosted servers do when their disk fills up. Central goes on by itself, and loses nothing meanwhile.';
}
