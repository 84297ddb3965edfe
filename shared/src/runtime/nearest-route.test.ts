import { expect, it } from 'vitest';
import { nearestRoute } from './nearest-route.ts';

const routes = [
  '/v1/orders',
  '/v1/orders/:id',
  '/v1/orders/:id/cancel',
  '/v1/stock/:sku/explain',
  '/healthz',
  '/v1/status',
];

it.each([
  ['/orders', '/v1/orders'],
  ['/v1/order', '/v1/orders'],
  ['/v1/order/O-1', '/v1/orders/:id'],
  ['/v1/Orders/O-1/cancle', '/v1/orders/:id/cancel'],
  ['/v1/stock/TEA/explian', '/v1/stock/:sku/explain'],
  ['/health', '/healthz'],
  ['/v1/healthz', undefined],
  ['/', undefined],
  ['/v1/invoices', undefined],
  ['/v1/orders/O-1/lines', undefined],
])('%s was meant to be %s', (path, route) => {
  expect(nearestRoute(path, routes)).toBe(route);
});
