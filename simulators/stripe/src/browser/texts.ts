const en = {
  card: 'Card',
  sepa: 'SEPA Debit',
  redirect: 'Bank redirect (test)',
  redirectNote: 'After submission, you will be redirected to securely complete next steps.',
  sepaNote:
    'By providing your payment information and confirming this payment, you authorise Sandbox shop to debit your account.',
  number: 'Card number',
  expiry: 'Expiration date',
  expiryHint: 'MM / YY',
  cvc: 'Security code',
  cvcHint: 'CVC',
  iban: 'IBAN',
  name: 'Full name',
  email: 'Email',
  save: 'Save payment details for future purchases',
  saved: 'Saved payment methods',
  another: 'Use another payment method',
  methods: 'Payment methods',
  incomplete_number: 'Your card number is incomplete.',
  invalid_number: 'Your card number is invalid.',
  incomplete_expiry: "Your card's expiration date is incomplete.",
  invalid_expiry_month_past: "Your card's expiration date is in the past.",
  invalid_expiry_year_past: "Your card's expiration year is in the past.",
  incomplete_cvc: "Your card's security code is incomplete.",
  incomplete_iban: 'Your IBAN is incomplete.',
  invalid_iban: 'Your IBAN is invalid.',
  incomplete_name: 'Your name is incomplete.',
  incomplete_email: 'Your email is incomplete.',
  threeDSecure: '3D Secure test authentication',
  threeDSecureNote: 'In live mode your bank asks you here to confirm the payment.',
  complete: 'Complete',
  fail: 'Fail',
  wallet: 'Pay (test wallet)',
  pay: 'Pay',
  cancel: 'Cancel',
  shipTo: 'Ship to',
  shipBy: 'Delivery',
  total: 'Total',
  walletFailed: 'The payment failed. Try again or cancel.',
  bankTransfer: 'Bank transfer',
  voucherNote: 'Pay with these details. The order is confirmed once the money has arrived.',
  voucherTitle: 'How to pay',
  voucherHint: 'After submission, you get the details to pay with in the next days.',
  entity: 'Entity',
  recipient: 'Recipient',
  reference: 'Reference',
  payBy: 'Pay by',
  close: 'Close',
  taxId: 'CPF/CNPJ',
  incomplete_tax_id: 'Your tax ID is incomplete.',
};
export type TextKey = keyof typeof en;

const de: Record<TextKey, string> = {
  card: 'Karte',
  sepa: 'SEPA-Lastschrift',
  redirect: 'Bank-Weiterleitung (Test)',
  redirectNote: 'Nach dem Absenden werden Sie weitergeleitet, um die nächsten Schritte sicher abzuschließen.',
  sepaNote:
    'Mit der Angabe Ihrer Zahlungsdaten und der Bestätigung ermächtigen Sie Sandbox shop, Ihr Konto zu belasten.',
  number: 'Kartennummer',
  expiry: 'Ablaufdatum',
  expiryHint: 'MM / JJ',
  cvc: 'Sicherheitscode',
  cvcHint: 'CVC',
  iban: 'IBAN',
  name: 'Vollständiger Name',
  email: 'E-Mail',
  save: 'Zahlungsdaten für künftige Einkäufe speichern',
  saved: 'Gespeicherte Zahlungsmethoden',
  another: 'Andere Zahlungsmethode verwenden',
  methods: 'Zahlungsmethoden',
  incomplete_number: 'Die Kartennummer ist unvollständig.',
  invalid_number: 'Die Kartennummer ist ungültig.',
  incomplete_expiry: 'Das Ablaufdatum Ihrer Karte ist unvollständig.',
  invalid_expiry_month_past: 'Das Ablaufdatum Ihrer Karte liegt in der Vergangenheit.',
  invalid_expiry_year_past: 'Das Ablaufjahr Ihrer Karte liegt in der Vergangenheit.',
  incomplete_cvc: 'Der Sicherheitscode Ihrer Karte ist unvollständig.',
  incomplete_iban: 'Die von Ihnen eingegebene IBAN ist unvollständig.',
  invalid_iban: 'Die von Ihnen eingegebene IBAN ist ungültig.',
  incomplete_name: 'Der Name ist unvollständig.',
  incomplete_email: 'Die E-Mail-Adresse ist unvollständig.',
  threeDSecure: '3D-Secure-Testauthentifizierung',
  threeDSecureNote: 'Im Livemodus fragt Ihre Bank Sie hier nach der Bestätigung der Zahlung.',
  complete: 'Abschließen',
  fail: 'Fehlschlagen lassen',
  wallet: 'Bezahlen (Test-Wallet)',
  pay: 'Bezahlen',
  cancel: 'Abbrechen',
  shipTo: 'Lieferadresse',
  shipBy: 'Versand',
  total: 'Summe',
  walletFailed: 'Die Zahlung ist fehlgeschlagen. Versuchen Sie es erneut oder brechen Sie ab.',
  bankTransfer: 'Banküberweisung',
  voucherNote: 'Bezahlen Sie mit diesen Angaben. Die Bestellung wird bestätigt, sobald das Geld da ist.',
  voucherTitle: 'So bezahlen Sie',
  voucherHint: 'Nach dem Absenden erhalten Sie die Angaben, mit denen Sie in den nächsten Tagen bezahlen.',
  entity: 'Entität',
  recipient: 'Empfänger',
  reference: 'Referenz',
  payBy: 'Zahlbar bis',
  close: 'Schließen',
  taxId: 'CPF/CNPJ',
  incomplete_tax_id: 'Die Steuernummer ist unvollständig.',
};

const fr: Record<TextKey, string> = {
  card: 'Carte',
  sepa: 'Prélèvement SEPA',
  redirect: 'Redirection bancaire (test)',
  redirectNote: 'Après validation, vous serez redirigé pour terminer les étapes suivantes en toute sécurité.',
  sepaNote:
    'En fournissant vos informations de paiement et en confirmant, vous autorisez Sandbox shop à débiter votre compte.',
  number: 'Numéro de carte',
  expiry: "Date d'expiration",
  expiryHint: 'MM / AA',
  cvc: 'Code de sécurité',
  cvcHint: 'CVC',
  iban: 'IBAN',
  name: 'Nom complet',
  email: 'E-mail',
  save: 'Enregistrer les coordonnées de paiement pour de futurs achats',
  saved: 'Moyens de paiement enregistrés',
  another: 'Utiliser un autre moyen de paiement',
  methods: 'Moyens de paiement',
  incomplete_number: 'Votre numéro de carte est incomplet.',
  invalid_number: "Votre numéro de carte n'est pas valide.",
  incomplete_expiry: "La date d'expiration de votre carte est incomplète.",
  invalid_expiry_month_past: "La date d'expiration de votre carte est passée.",
  invalid_expiry_year_past: "L'année d'expiration de votre carte est passée.",
  incomplete_cvc: 'Le code de sécurité de votre carte est incomplet.',
  incomplete_iban: 'Votre IBAN est incomplet.',
  invalid_iban: "Votre IBAN n'est pas valide.",
  incomplete_name: 'Votre nom est incomplet.',
  incomplete_email: 'Votre e-mail est incomplet.',
  threeDSecure: 'Authentification 3D Secure de test',
  threeDSecureNote: 'En mode production, votre banque vous demande ici de confirmer le paiement.',
  complete: 'Terminer',
  fail: 'Échouer',
  wallet: 'Payer (portefeuille de test)',
  pay: 'Payer',
  cancel: 'Annuler',
  shipTo: 'Adresse de livraison',
  shipBy: 'Livraison',
  total: 'Total',
  walletFailed: 'Le paiement a échoué. Réessayez ou annulez.',
  bankTransfer: 'Virement bancaire',
  voucherNote: "Payez avec ces informations. La commande est confirmée dès que l'argent est arrivé.",
  voucherTitle: 'Comment payer',
  voucherHint: 'Après validation, vous recevez les informations pour payer dans les prochains jours.',
  entity: 'Entité',
  recipient: 'Bénéficiaire',
  reference: 'Référence',
  payBy: 'À payer avant le',
  close: 'Fermer',
  taxId: 'CPF/CNPJ',
  incomplete_tax_id: 'Votre numéro fiscal est incomplet.',
};

export type Texts = Record<TextKey, string>;

/** Stripe's words for a refused card, by decline code or code; English ones come with the refusal itself. */
const REFUSALS: Record<string, Record<string, string>> = {
  de: {
    card_declined: 'Ihre Karte wurde abgelehnt.',
    insufficient_funds: 'Ihre Karte hat nicht genügend Guthaben.',
    expired_card: 'Ihre Karte ist abgelaufen.',
    incorrect_cvc: 'Der Sicherheitscode Ihrer Karte ist falsch.',
    incorrect_number: 'Ihre Kartennummer ist falsch.',
    processing_error: 'Bei der Verarbeitung Ihrer Karte ist ein Fehler aufgetreten. Versuchen Sie es in Kürze erneut.',
  },
  fr: {
    card_declined: 'Votre carte a été refusée.',
    insufficient_funds: 'Votre carte ne dispose pas de fonds suffisants.',
    expired_card: 'Votre carte a expiré.',
    incorrect_cvc: 'Le code de sécurité de votre carte est incorrect.',
    incorrect_number: 'Votre numéro de carte est incorrect.',
    processing_error: "Une erreur s'est produite lors du traitement de votre carte. Réessayez dans un instant.",
  },
};

/** The same refusal in the words that Stripe.js has for a shopper of `locale`. */
export function inLanguageOf<E extends { type: string; code?: string; decline_code?: string; message: string }>(
  locale: string | undefined,
  error: E,
): E {
  const words = REFUSALS[languageOf(locale)];
  if (!words || error.type !== 'card_error') return error;
  const message = words[error.decline_code ?? ''] ?? words[error.code ?? ''] ?? error.message;
  return { ...error, message };
}

function languageOf(locale: string | undefined): string {
  const wanted = !locale || locale === 'auto' ? navigator.language : locale;
  return wanted.slice(0, 2).toLowerCase();
}

/** Labels in the shopper's language; `auto` is the browser's, and English stands in for what is missing. */
export function textsFor(locale: string | undefined): Texts {
  const language = languageOf(locale);
  return language === 'de' ? de : language === 'fr' ? fr : en;
}
