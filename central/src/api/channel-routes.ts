import { refuse } from '@edgestock/shared/runtime/problem';
import { z } from 'zod';
import { centralLimits } from '../limits.ts';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import type { Promises } from '../orders/promises.ts';
import { type Channel, type ChannelRecord, parseChannel } from '../rules/channel.ts';
import { type ApiContext, type Doors, jsonResponse } from './doors.ts';
import { allOr, fields, listOf, listOfSkus } from './fields.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';
import { refuseUnpromised, writing } from './promise-responses.ts';
import { bodyOf } from './request-body.ts';
import { nextSku, parametersOf, skuPageOf } from './request-parts.ts';

const channelBody = z.strictObject({
  warehouses: allOr(listOf(fields.warehouse, 'warehouses')).default('all'),
  buffer: fields.units.default(0),
});
const buffersBody = z.strictObject({
  /** `null`: the channel's own buffer again. */
  buffers: listOfSkus(z.strictObject({ sku: fields.sku, buffer: fields.units.nullable() }), 'buffers'),
});

/** `/v1/channels`: places that sell, whose quota each may promise, and what it keeps unsold. Writes are whole states: repeating one changes nothing. */
export function channelRoutes(
  doors: Doors,
  deps: { readonly promises: Promises; readonly channels: ChannelDirectory },
): void {
  const { promises, channels } = deps;

  const known = (context: ApiContext): ChannelRecord => {
    const channel = namedIn(context);
    return channels.one(channel) ?? refuse(problems.unknownChannel, `There is no channel ${channel}.`);
  };

  doors('/v1/channels', {
    GET: (context) => {
      parametersOf(context, []);
      return jsonResponse(JSON.stringify({ channels: channels.all() }));
    },
  });

  doors('/v1/channels/:channel', {
    GET: (context) => {
      parametersOf(context, []);
      return jsonResponse(JSON.stringify(known(context)));
    },
    PUT: async (context) => {
      parametersOf(context, []);
      const channel = namedIn(context);
      const { warehouses, buffer } = await bodyOf(context, channelBody);
      if (channels.one(channel) === undefined && channels.all().length >= centralLimits.channelsMax) {
        refuse(problems.tooManyChannels, `There are ${centralLimits.channelsMax} channels, as many as allowed.`);
      }
      const record: ChannelRecord = {
        channel,
        warehouses: warehouses === 'all' ? 'all' : [...new Set(warehouses)],
        buffer,
      };
      const outcome = await writing(() => promises.setChannel(record));
      if (outcome.outcome !== 'set') return refuseUnpromised(outcome);
      await channels.refresh();
      return jsonResponse(JSON.stringify(known(context)));
    },
  });

  doors('/v1/channels/:channel/buffers', {
    GET: async (context) => {
      const parameters = parametersOf(context, ['after', 'limit']);
      const { channel } = known(context);
      const page = skuPageOf(parameters, apiLimits.stockPageMax);
      const buffers = await promises.buffers(channel, page.after, page.limit);
      return jsonResponse(JSON.stringify({ channel, buffers, next: nextSku(buffers, page) }));
    },
    PUT: async (context) => {
      parametersOf(context, []);
      const { channel } = known(context);
      const { buffers } = await bodyOf(context, buffersBody);
      const set = buffers.map(({ sku, buffer }) => (buffer === null ? { sku } : { sku, buffer }));
      const outcome = await writing(() => promises.setBuffers(channel, set));
      if (outcome.outcome !== 'set') return refuseUnpromised(outcome);
      return jsonResponse(JSON.stringify({ channel, buffers }));
    },
  });
}

function namedIn(context: ApiContext): Channel {
  const text = context.req.param('channel') ?? '';
  return (
    parseChannel(text) ??
    refuse(problems.invalidRequest, `${JSON.stringify(text)} cannot be a channel id: 1 to 32 of a-z, 0-9 and hyphens.`)
  );
}
