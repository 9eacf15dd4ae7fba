/** Differences that stay, each with its reason. One that no exchange shows any more fails the stage: take it out. */
export const KNOWN_DIFFERENCES: readonly { readonly rule: RegExp; readonly reason: string }[] = [
  {
    rule: /^(stripe|commercetools) request GET \/: is not described$/,
    reason: 'doctor compares clocks by the Date of whatever a server answers; it is no call of the API',
  },
  {
    rule: /^stripe request GET \/v2\/core\/event_destinations: is not described$/,
    reason: 'what is published describes /v1 alone; the call goes through the stripe package, whose types have it',
  },
  {
    rule: /^stripe answer POST \/v1\/ephemeral_keys 200: associated_objects: is not described$/,
    reason: "Stripe's older mobile libraries read it, and Stripe still answers it",
  },
  {
    rule: /^stripe request POST \/v1\/ephemeral_keys: stripe-version: is not the pinned one$/,
    reason: "an ephemeral key is read by Stripe.js, so its version is that of Stripe.js (the original's setting)",
  },
];

/** Wrong requests that a simulator takes all the same, each with its reason. */
export const KNOWN_LENIENCIES: readonly { readonly rule: RegExp; readonly reason: string }[] = [
  {
    rule: /^POST types\/key=\{key\}: actions\.fieldDefinition\./,
    reason: 'commercetools-mock, which types are left to, takes any definition of a field',
  },
];
