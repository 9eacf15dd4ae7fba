/** The only style sheet of the library, for its own button. */
const STYLE = `.ctc-connector-pay{width:100%;min-height:44px;margin-top:12px;font:inherit;font-weight:600;border:0;border-radius:6px;padding:10px;background:#0a2540;color:#fff;cursor:pointer}.ctc-connector-pay:focus-visible{outline:3px solid #5b8def;outline-offset:2px}.ctc-connector-pay:disabled{opacity:.6;cursor:default}`;
const styled = new WeakSet<Document>();

/**
 * A constructed sheet, because a strict content security policy refuses `<style>` and reports it. Browsers that cannot
 * construct one (Safari before 16.4) get an element, with the name that hosts of the current template know.
 */
function useStyle(): void {
  if (styled.has(document)) return;
  styled.add(document);
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  } catch {
    const element = document.createElement('style');
    element.setAttribute('data-ctc-connector-styles', '');
    element.textContent = STYLE;
    document.head.append(element);
  }
}

/**
 * Adds a pay button after the content of `selector`, and returns the function that removes it. A click first asks the
 * host, which may refuse to pay, e.g. because its terms are not accepted. Such a refusal is not a failure of the
 * payment.
 */
export function addPayButton<Answer>(
  selector: string,
  label: string,
  { askHost, pay }: { askHost: () => Promise<Answer> | undefined; pay: (answer: Answer | undefined) => Promise<void> },
): () => void {
  useStyle();
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'ctc-connector-pay';
  button.textContent = label;
  button.addEventListener('click', () => {
    button.disabled = true;
    void payIfHostAgrees(askHost, pay).finally(() => {
      button.disabled = false;
    });
  });
  document.querySelector(selector)?.after(button);
  return () => button.remove();
}

async function payIfHostAgrees<Answer>(
  askHost: () => Promise<Answer> | undefined,
  pay: (answer: Answer | undefined) => Promise<void>,
): Promise<void> {
  let answer: Answer | undefined;
  try {
    answer = await askHost();
  } catch {
    return;
  }
  await pay(answer);
}
