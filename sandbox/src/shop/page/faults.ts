import { callBackend } from './api.ts';
import { byId, create } from './dom.ts';

export interface Switches {
  commercetools: boolean;
  stripe: boolean;
  kafka: boolean;
}

/** The stand-in's form also reads PaymentIntents of Stripe; only the services' calls are made to fail. */
const stripeFaults = (isOn: (name: string) => boolean) => [
  ...(isOn('stripe-slow') ? [{ latencyMs: 3_000 }] : []),
  ...(isOn('stripe-failing') ? [{ status: 500, rate: 0.5 }] : []),
];

const ONCE = { min: 1, max: 1 };
const THREE_TIMES = { min: 3, max: 3 };

/** Connects the switches; a side that is not simulated has none. */
export function showFaults(switches: Switches): void {
  const boxes = [...document.querySelectorAll<HTMLInputElement>('#faults [data-fault]')];
  for (const label of document.querySelectorAll<HTMLElement>('#faults [data-side]')) {
    label.hidden = !switches[label.dataset.side as keyof Switches];
  }
  byId('faults').hidden = !Object.values(switches).includes(true);
  const isOn = (name: string): boolean => boxes.some((box) => box.dataset.fault === name && box.checked);

  const apply = (name: string): Promise<unknown> => {
    if (name === 'ct-down')
      return callBackend('PUT', '/_sandbox/commercetools/faults', isOn(name) ? [{ status: 503 }] : []);
    if (name === 'kafka-down') return callBackend('PUT', '/storefront/api/kafka', { isDown: isOn(name) });
    if (name.startsWith('stripe-')) return callBackend('PUT', '/_sandbox/stripe/faults', stripeFaults(isOn));
    return callBackend('PUT', '/_sandbox/stripe/webhooks', {
      duplicates: isOn('webhooks-duplicated') ? THREE_TIMES : ONCE,
      shuffle: isOn('webhooks-shuffled') ? 3_000 : 0,
    });
  };

  for (const box of boxes) {
    // A reloaded page must not show a switch as off while its fault is still on: the page switches all faults off.
    box.checked = false;
    box.addEventListener('change', () => {
      byId('fault-result').textContent = '';
      apply(box.dataset.fault ?? '').catch((error: unknown) => {
        box.checked = !box.checked;
        byId('fault-result').textContent = error instanceof Error ? error.message : String(error);
      });
    });
  }
}

const METRICS_EVERY_MS = 2_000;

/** Shows the services' figures beside the faults, refreshed while the page is visible. */
export function showMetrics(): void {
  const list = byId('metrics');
  const refresh = async () => {
    if (document.visibilityState === 'hidden') return;
    const figures = await callBackend<Record<string, number | string>>('GET', '/storefront/api/metrics').catch(
      () => undefined,
    );
    if (!figures) return;
    list.hidden = Object.keys(figures).length === 0;
    list.replaceChildren(
      ...Object.entries(figures).map(([name, value]) =>
        create('div', {}, create('dt', { textContent: name }), create('dd', { textContent: String(value) })),
      ),
    );
  };
  void refresh();
  setInterval(() => void refresh(), METRICS_EVERY_MS);
}
