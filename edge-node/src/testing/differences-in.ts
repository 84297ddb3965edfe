import type { Difference } from '../verify/difference.ts';
import { BooksCopy } from './books-copy.ts';
import type { TestSite } from './site.ts';

/** What `edgestock verify` finds in a copy of the site's books as they are now; the site goes on. */
export async function differencesIn(site: TestSite): Promise<readonly Difference[]> {
  return (await new BooksCopy(site).verify()).differences;
}
