import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** Long enough for a busy machine; a condition that holds goes on at once. */
const PATIENCE_MS = 20_000;

export type ResultState = 'idle' | 'paying' | 'approved' | 'pending' | 'failed';

/** The sandbox's storefront in a browser tab, as a shopper and a merchant use it; every complaint of the browser is kept. */
export class ShopPage {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #complaints: string[] = [];
  readonly #expected: RegExp[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#complaints.push(message.text());
    });
    // Chromium reports unhandled rejections here too.
    page.on('pageerror', (error) => this.#complaints.push(`uncaught: ${error.message}`));
  }

  /** A new shopper: no cookies, no storage. `form` false does not wait until the form takes input. */
  static async open(
    browser: Browser,
    url: string,
    {
      form = true,
      before,
      ...options
    }: BrowserContextOptions & { form?: boolean; before?: (page: Page) => Promise<unknown> } = {},
  ): Promise<ShopPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const shop = new ShopPage(context, await context.newPage());
    await before?.(shop.page);
    await shop.page.goto(url);
    if (form) await shop.formIsReady();
    return shop;
  }

  /** What the browser complained about (errors, warnings, CSP, unhandled rejections) and no test expected. */
  get complaints(): string[] {
    return this.#complaints.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
  }

  /** The browser itself logs each answer of 400 and above, and each connection that broke; a story that has one says so. */
  expectComplaint(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  close = (): Promise<void> => this.#context.close();

  formIsReady = (): Promise<void> => this.#appears('#pay:enabled');

  async fillCard(number = '4242424242424242'): Promise<void> {
    await this.page.fill('#card-number', number);
    await this.page.fill('#card-expiry', '1234');
    await this.page.fill('#card-cvc', '123');
  }

  pay = (): Promise<void> => this.page.click('#pay');

  async payByCard(number?: string): Promise<void> {
    await this.fillCard(number);
    await this.pay();
  }

  async fillSepa(iban = 'DE89370400440532013000'): Promise<void> {
    await this.page.click('[data-method=sepa_debit]');
    await this.page.fill('#sepa-iban', iban);
    await this.page.fill('#sepa-name', 'Jenny Rosen');
    await this.page.fill('#sepa-email', 'jenny@example.com');
  }

  /** Asks for a voucher or a bank transfer, and waits until it is shown; `#voucher-close` takes it away. */
  async askForVoucher(method: string): Promise<void> {
    await this.page.click(`[data-method=${method}]`);
    await this.page.fill('#voucher-name', 'Jenny Rosen');
    await this.page.fill('#voucher-email', 'jenny@example.com');
    await this.pay();
    await this.#appears('#voucher-dialog[open]');
  }

  /** Waits for this outcome and answers its words. */
  async result(state: ResultState): Promise<string> {
    await this.page.waitForSelector(`#result[data-state=${state}]`, { state: 'attached' });
    return (await this.page.textContent('#result')) ?? '';
  }

  /** Waits until the page shows this transaction of the payment, such as `Charge:Success`. */
  async transaction(name: string, count = 1): Promise<void> {
    const [type, state] = name.split(':');
    const rows = this.page.locator(`#transactions [data-type=${type}][data-state=${state}]`);
    await rows.nth(count - 1).waitFor();
  }

  /** All transactions that the page shows now, as `Type:State amount`. */
  transactions = (): Promise<string[]> =>
    this.page
      .locator('#transactions tbody tr[data-type]')
      .evaluateAll((rows) =>
        rows.map((row) => `${row.dataset.type}:${row.dataset.state} ${row.querySelector('.num')?.textContent ?? ''}`),
      );

  /** Id of the commercetools payment that the page follows. */
  async paymentReference(): Promise<string> {
    const text = await this.page.locator('#payment-id:not(:empty)').textContent();
    return text?.split(' ').at(-1) ?? '';
  }

  timeline = (text: string): Locator => this.page.locator('#timeline li', { hasText: text });

  /** The sentence at the end of the timeline: whether all is well. */
  verdict = (sentence: RegExp): Locator => this.page.locator('#verdict', { hasText: sentence });

  /** Ticks an option of the checkout and waits for the new form. */
  async choose(id: 'manual' | 'customer'): Promise<void> {
    const opened = this.page.waitForResponse(/\/storefront\/api\/checkouts$/);
    await this.page.check(`#${id}`);
    await opened;
    await this.formIsReady();
  }

  async newOrder(): Promise<void> {
    await this.page.click('#again');
    await this.formIsReady();
  }

  /** A step of the back office, on `amount` as a merchant types it. Waits for the answer. */
  async operate(action: 'capture' | 'refund' | 'cancel' | 'reverse' | 'dispute', amount = ''): Promise<string> {
    await this.page.fill('#operation-amount', amount);
    const answered = this.page.waitForResponse(/\/operations$/);
    await this.page.click(`#operations [data-action=${action}]`);
    await answered;
    await this.#appears(`#operations [data-action=${action}]:enabled`);
    return (await this.page.textContent('#operation-result')) ?? '';
  }

  /** Turns a switch; by script, because a bank's dialog may lie over the page. Waits until it is in force. */
  async fault(name: string): Promise<void> {
    const applied = this.page.waitForResponse((response) => response.request().method() === 'PUT');
    await this.page.locator(`[data-fault=${name}]`).evaluate((box) => box.click());
    await applied;
  }

  /** Turns off whatever is still broken. */
  async heal(): Promise<void> {
    const broken = await this.page
      .locator('[data-fault]:checked')
      .evaluateAll((boxes) => boxes.map((b) => b.dataset.fault));
    for (const name of broken) await this.fault(name ?? '');
  }

  async #appears(selector: string): Promise<void> {
    await this.page.waitForSelector(selector);
  }
}
