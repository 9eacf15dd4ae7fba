import { NotFoundError } from '@connector/errors';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import type { StripeCalls } from './calls.ts';

export function itListsEvents({ create, call }: StripeCalls): void {
  describe('events', () => {
    const list = (params: Stripe.EventListParams = {}) =>
      call('events.list', (stripe) => stripe.events.list({ types: ['payment_intent.created'], limit: 100, ...params }));
    const made = async () => {
      const ids = [(await create()).id, (await create()).id, (await create()).id];
      return (await list({ limit: 3 })).data.map((event) => {
        expect(event).toMatchObject({ object: 'event', type: 'payment_intent.created', livemode: false });
        expect((event.data.object as Stripe.PaymentIntent).id).toBe(ids.pop());
        return event;
      });
    };

    it('are listed by type, the newest first', async () => {
      const events = await made();
      expect(events).toHaveLength(3);
      expect((await list({ types: ['payout.paid'] })).data).toEqual([]);
    });

    it('are listed after a known one, and before one', async () => {
      const [newest, middle, oldest] = (await made()).map(({ id }) => id);
      const older = await list({ limit: 1, starting_after: newest ?? '' });
      expect(older).toMatchObject({ has_more: true, data: [{ id: middle }] });
      expect(older.data).toHaveLength(1);
      const newer = await list({ limit: 1, ending_before: oldest ?? '' });
      expect(newer).toMatchObject({ has_more: true, data: [{ id: middle }] });
      expect((await list({ ending_before: oldest ?? '' })).data.map(({ id }) => id)).toEqual([newest, middle]);
    });

    it('are listed by creation time', async () => {
      const [newest] = await made();
      const at = newest?.created ?? 0;
      expect((await list({ limit: 1, created: { gte: at } })).data.map(({ id }) => id)).toEqual([newest?.id]);
      expect((await list({ created: { gte: at + 3600 } })).data).toEqual([]);
      expect((await list({ created: { lt: at - 3600 } })).data).toEqual([]);
    });

    it('are not listed for more than 20 types', async () => {
      const types = Array.from({ length: 21 }, () => 'charge.succeeded');
      await expect(list({ types })).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
    });
  });
}

export function itHasWebhookEndpoints({ call }: StripeCalls): void {
  describe('a webhook endpoint', () => {
    const url = 'https://payments.example.com/stripe/webhooks';
    const add = (fields: Partial<Stripe.WebhookEndpointCreateParams> = {}) =>
      call('webhook_endpoints.create', (stripe) =>
        stripe.webhookEndpoints.create({ url, enabled_events: ['charge.succeeded'], ...fields }),
      );
    const list = () =>
      call('webhook_endpoints.list', (stripe) => Array.fromAsync(stripe.webhookEndpoints.list({ limit: 100 })));

    it('is created with its secret, which no later answer shows', async () => {
      const metadata = { managed_by: 'us' };
      const { secret, ...endpoint } = await add({ metadata, description: 'ours' });
      expect(endpoint).toMatchObject({ url, status: 'enabled', enabled_events: ['charge.succeeded'], metadata });
      expect(secret).toMatch(/^whsec_/);
      expect(await list()).toContainEqual(endpoint);
    });

    it('is listed with the others, the newest first', async () => {
      const made = [(await add()).id, (await add()).id, (await add()).id];
      const ids = (await list()).map(({ id }) => id);
      expect(ids.filter((id) => made.includes(id))).toEqual(made.toReversed());
    });

    it('changes only in what an update names', async () => {
      const { secret: _, ...before } = await add();
      const enabled_events: Stripe.WebhookEndpointUpdateParams.EnabledEvent[] = ['charge.failed', 'charge.refunded'];
      await call('webhook_endpoints.update', (stripe) => stripe.webhookEndpoints.update(before.id, { enabled_events }));
      expect(await list()).toContainEqual({ ...before, enabled_events });
    });

    it('is not found after it was deleted', async () => {
      const { id } = await add();
      const remove = () => call('webhook_endpoints.delete', (stripe) => stripe.webhookEndpoints.del(id));
      await remove();
      expect((await list()).map((each) => each.id)).not.toContain(id);
      await expect(remove()).rejects.toThrow(NotFoundError);
    });

    it('is not created without a valid URL', async () => {
      await expect(add({ url: 'nowhere' })).rejects.toMatchObject({ code: 'url_invalid', param: 'url' });
    });
  });
}
