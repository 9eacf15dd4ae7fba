import type { EnablerConstructor, StoredComponent, StoredPaymentMethod } from '@connector/enabler/types';
import { byId, create } from './dom.ts';
import { text } from './shopper.ts';

/** Pays with a stored card or, without one, with the form. */
type Choose = (submit?: () => Promise<void>) => void;

/** Lists the shopper's stored cards; `choose` gets how to pay with the chosen one, or nothing for the form. */
export async function showStoredMethods(enabler: InstanceType<EnablerConstructor>, choose: Choose): Promise<void> {
  const box = byId('stored');
  box.hidden = true;
  if (!(await enabler.isStoredPaymentMethodsEnabled())) return;
  const { storedPaymentMethods = [] } = await enabler.getStoredPaymentMethods({ allowedMethodTypes: ['card'] });
  if (storedPaymentMethods.length === 0) return;
  const builder = await enabler.createStoredPaymentMethodBuilder('card');
  const rows = storedPaymentMethods.map((method) => {
    const { brand } = method.displayOptions;
    return rowOf(method, builder.build({ id: method.id, brands: brand ? [brand.key] : [] }), choose);
  });
  byId('stored-list').replaceChildren(
    ...rows,
    optionOf(text('anotherMethod'), true, () => choose()),
  );
  box.hidden = false;
}

function rowOf({ displayOptions }: StoredPaymentMethod, component: StoredComponent, choose: Choose): HTMLElement {
  const { brand, endDigits = '' } = displayOptions;
  const label = `${brand?.key ?? ''} ${text('endingIn')} ${endDigits}`.trim();
  const row = optionOf(label, false, () => choose(() => component.submit()));
  const remove = create('button', {
    type: 'button',
    textContent: text('remove'),
    ariaLabel: `${text('remove')}: ${label}`,
  });
  remove.addEventListener('click', () => {
    component.remove().then(
      () => {
        row.remove();
        choose();
      },
      () => {
        remove.disabled = true;
      },
    );
  });
  row.append(remove);
  return row;
}

function optionOf(label: string, isChosen: boolean, onChoose: () => void): HTMLElement {
  const radio = create('input', { type: 'radio', name: 'stored-method', checked: isChosen });
  radio.addEventListener('change', onChoose);
  return create(
    'div',
    { className: 'stored-method' },
    create('label', {}, radio, create('span', { textContent: label })),
  );
}
