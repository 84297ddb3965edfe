import { expect, test } from 'vitest';
import { SkuVariants } from './sku-variants.ts';

test('SKUs that differ only in case are counted by group, with an example', () => {
  const variants = new SkuVariants();
  for (const sku of ['85123A', '85123a', '85123A', '22423', '22423', 'm', 'M', 'm']) variants.see(sku);
  expect(variants.groups).toBe(2);
  expect(variants.example).toEqual(['85123A', '85123a']);
});

test('a file without such SKUs has no example', () => {
  const variants = new SkuVariants();
  variants.see('85123A');
  expect(variants.groups).toBe(0);
  expect(variants.example).toBeUndefined();
});
