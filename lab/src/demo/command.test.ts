import { expect, test } from 'vitest';
import { command } from './command.ts';
import { resultMembers } from './once/result-members.ts';
import { orderMembers } from './orders/order-members.ts';

test('the help explains every member of the JSON that --once prints', () => {
  const { description = '' } = command.meta as { readonly description?: string };
  for (const [name, meaning] of [...Object.entries(resultMembers), ...Object.entries(orderMembers)]) {
    expect(description.split('\n')).toContainEqual(expect.stringMatching(new RegExp(`^  ${name} +\\S`)));
    expect(description).toContain(meaning);
  }
});
