import type { ShopApi } from '../../api/shop-api.ts';
import type { SiteApi } from '../../api/site-api.ts';
import type { PromiseAccount } from './promise-account.ts';

/**
 * Units of these SKUs promised beyond all that was ever set aside for promising: what the shop was promised, by its own
 * account, against what the nodes have granted, by theirs. The promises are read first: quota only grows, so one that was made
 * meanwhile cannot look like one too many.
 */
export async function oversoldUnits(
  skus: readonly string[],
  witnesses: { readonly account: Pick<PromiseAccount, 'netOf'>; readonly sites: Iterable<Pick<SiteApi, 'grantedOf'>> },
): Promise<number> {
  const { account } = witnesses;
  const sites = [...witnesses.sites];
  let oversold = 0;
  for (const sku of skus) {
    const promised = account.netOf(sku);
    if (promised <= 0) continue;
    const granted = await Promise.all(sites.map((site) => site.grantedOf(sku)));
    oversold += Math.max(0, promised - granted.reduce((sum, units) => sum + units, 0));
  }
  return oversold;
}

/** Central's word and the independent count, the worse of them. */
export async function oversoldNow(
  skus: readonly string[],
  witnesses: {
    readonly account: Pick<PromiseAccount, 'netOf'>;
    readonly sites: Iterable<Pick<SiteApi, 'grantedOf'>>;
    readonly shop: Pick<ShopApi, 'oversold'>;
  },
): Promise<number> {
  const [counted, told] = await Promise.all([oversoldUnits(skus, witnesses), witnesses.shop.oversold()]);
  return Math.max(counted, told);
}
