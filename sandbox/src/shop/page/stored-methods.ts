import type { EnablerConstructor, StoredPaymentMethod } from '@connector/enabler/types';
import { byId, create } from './dom.ts';

/** Lists the shopper's stored cards; `choose` gets how to pay with the chosen one, or nothing for the form. */
export async function showStoredMethods(
  enabler: InstanceType<EnablerConstructor>,
  text: (key: 'endingIn' | 'anotherMethod' | 'remove') => string,
  choose: (submit: (() => Promise<void>) | undefined) => void,
): Promise<void> {
  const box = byId('stored');
  box.hidden = true;
  if (!(await enabler.isStoredPaymentMethodsEnabled())) return;
  const { storedPaymentMethods = [] } = await enabler.getStoredPaymentMethods({ allowedMethodTypes: ['card'] });
  if (storedPaymentMethods.length === 0) return;
  const builder = await enabler.createStoredPaymentMethodBuilder('card');

  const option = (label: string, isChosen: boolean, onChoose: () => void) => {
    const radio = create('input', { type: 'radio', name: 'stored-method', checked: isChosen });
    radio.addEventListener('change', onChoose);
    return create(
      'div',
      { className: 'stored-method' },
      create('label', {}, radio, create('span', { textContent: label })),
    );
  };
  const row = ({ id, displayOptions }: StoredPaymentMethod) => {
    const { brand, endDigits } = displayOptions;
    const component = builder.build({ id, brands: brand ? [brand.key] : [] });
    const label = `${brand?.key ?? ''} ${text('endingIn')} ${endDigits ?? ''}`.trim();
    const item = option(label, false, () => choose(() => component.submit()));
    const remove = create('button', {
      type: 'button',
      textContent: text('remove'),
      ariaLabel: `${text('remove')}: ${label}`,
    });
    remove.addEventListener('click', () => {
      component.remove().then(
        () => {
          item.remove();
          choose(undefined);
        },
        () => {
          remove.disabled = true;
        },
      );
    });
    item.append(remove);
    return item;
  };
  byId('stored-list').replaceChildren(
    ...storedPaymentMethods.map(row),
    option(text('anotherMethod'), true, () => choose(undefined)),
  );
  box.hidden = false;
}
