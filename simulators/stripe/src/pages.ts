import { display } from './money.ts';
import type { PaymentIntent } from './objects.ts';

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;background:#f6f8fa;color:#1a1f36;display:grid;place-items:center;min-height:100vh;margin:0}main{background:#fff;border-radius:12px;box-shadow:0 8px 30px #0002;padding:2rem;max-width:26rem;width:calc(100% - 3rem);box-sizing:border-box}h1{font-size:1.2rem;margin:0 0 .5rem}p{margin:.25rem 0 1.25rem;color:#4f566b}button{font:inherit;font-weight:600;border:0;border-radius:8px;padding:.7rem 1rem;width:100%;margin-top:.5rem;cursor:pointer;background:#635bff;color:#fff}button.secondary{background:#e3e8ee;color:#1a1f36}';

/** The bank's page of a test payment, with a button for each outcome. */
export function authenticationPage(
  paymentIntent: PaymentIntent,
  clientSecret: string,
  isRedirectMethod: boolean,
): string {
  const amount = escapeHtml(display(paymentIntent.amount, paymentIntent.currency));
  const title = isRedirectMethod ? 'Test payment page' : '3D Secure 2 test page';
  const text = isRedirectMethod
    ? `Authorize the test payment of ${amount}?`
    : `This is a test 3D Secure 2 authentication for a payment of ${amount}. In live mode, customers are asked here to prove who they are.`;
  // Relative, so that it also works behind a proxy with a path of its own.
  const action = `${escapeHtml(paymentIntent.id)}/finish`;
  const button = (outcome: string, id: string, label: string, style: string): string =>
    `<form method="post" action="${action}?client_secret=${escapeHtml(encodeURIComponent(clientSecret))}&outcome=${outcome}"><button id="${id}" class="${style}">${label}</button></form>`;
  return page(
    title,
    `<h1>${title}</h1><p>${text}</p>${button('complete', 'threeds-complete', isRedirectMethod ? 'Authorize test payment' : 'Complete', 'primary')}${button('fail', 'threeds-fail', isRedirectMethod ? 'Fail test payment' : 'Fail', 'secondary')}`,
  );
}

export const donePage = (message: string): string =>
  page('Done', `<h1>${escapeHtml(message)}</h1><p>You may close this page.</p>`);

const page = (title: string, content: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${STYLE}</style></head><body><main>${content}</main></body></html>`;
