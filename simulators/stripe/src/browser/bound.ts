/** Binds the methods of `instance`, which work without it as those of Stripe.js do: `const { create } = stripe.elements(…)`. */
export function bindMethods(instance: object): void {
  let prototype: object = Object.getPrototypeOf(instance);
  while (prototype !== Object.prototype) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      // What a class overrides is found there first.
      if (typeof value !== 'function' || name === 'constructor' || Object.hasOwn(instance, name)) continue;
      Object.defineProperty(instance, name, { value: value.bind(instance), configurable: true, writable: true });
    }
    prototype = Object.getPrototypeOf(prototype);
  }
}
