import { type CheckOrder, findingsOf } from './database-check.ts';

/** Entry of the process that checks a database, which its parent can end at any moment. */
const [order = ''] = process.argv.slice(2);
// A terminal or a supervisor tells all processes of a group to stop: whether this one does is the parent's business.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
const findings = findingsOf(JSON.parse(order) as CheckOrder);
// The parent may have died meanwhile, and then nobody wants to know.
if (process.connected) process.send?.(findings, () => process.disconnect());
