/** The one style sheet of the library; hosts may remove it by its attribute, and a strict CSP may refuse it without harm. */
const STYLE = `.ctc-connector-pay{width:100%;min-height:44px;margin-top:12px;font:inherit;font-weight:600;border:0;border-radius:6px;padding:10px;background:#0a2540;color:#fff;cursor:pointer}.ctc-connector-pay:focus-visible{outline:3px solid #5b8def;outline-offset:2px}.ctc-connector-pay:disabled{opacity:.6;cursor:default}`;
const STYLE_ATTRIBUTE = 'data-ctc-connector-styles';

/** Adds a pay button after what was mounted in `selector`; answers how to take it away. */
export function addPayButton(selector: string, label: string, onClick: () => Promise<unknown>): () => void {
  if (!document.head.querySelector(`style[${STYLE_ATTRIBUTE}]`)) {
    const style = document.createElement('style');
    style.setAttribute(STYLE_ATTRIBUTE, '');
    style.textContent = STYLE;
    document.head.append(style);
  }
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'ctc-connector-pay';
  button.textContent = label;
  button.addEventListener('click', () => {
    button.disabled = true;
    void onClick().finally(() => {
      button.disabled = false;
    });
  });
  document.querySelector(selector)?.after(button);
  return () => button.remove();
}
