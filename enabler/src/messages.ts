/** What the shopper is told, where Stripe has no text of its own. */
const EN = {
  generic: 'The payment could not be completed. Please try again.',
  declined: 'Your card was declined. Please use another payment method.',
  insufficient_funds: 'Your card has insufficient funds.',
  expired_card: 'Your card has expired.',
  incorrect_cvc: "Your card's security code is incorrect.",
  incorrect_number: 'Your card number is incorrect.',
  processing_error: 'An error occurred while processing your card. Try again in a little while.',
  authentication_failed: 'We could not authenticate your payment method. Please try again or use another one.',
  action_required: 'Please complete the payment in the app or on the page of your bank.',
  already_paid: 'This order has already been paid.',
  network: 'The connection was lost. Please check your internet connection and try again.',
  unavailable: 'The payment service is not available at the moment. Please try again in a little while.',
  status_unknown:
    'The connection was lost while you were paying. Please do not pay by other means: press pay again and we will check what happened first.',
  unknown:
    'We could not find out yet what became of your payment. Please do not pay again, and reload the page in a moment.',
  session_expired: 'Your checkout session has expired. Please reload the page.',
  stripe_unavailable:
    'The payment form could not be loaded. Please check your connection or content blocker and try again.',
  not_ready: 'The payment form is not ready yet. Please wait a moment and try again.',
  cancelled: 'The payment was cancelled.',
  shipping: 'Shipping',
  pay: 'Pay',
  incomplete_card: 'Your card details are incomplete.',
};
export type MessageKey = keyof typeof EN;

const DE: Record<MessageKey, string> = {
  generic: 'Die Zahlung konnte nicht abgeschlossen werden. Bitte versuchen Sie es erneut.',
  declined: 'Ihre Karte wurde abgelehnt. Bitte verwenden Sie eine andere Zahlungsmethode.',
  insufficient_funds: 'Ihre Karte ist nicht ausreichend gedeckt.',
  expired_card: 'Ihre Karte ist abgelaufen.',
  incorrect_cvc: 'Die Prüfziffer Ihrer Karte ist falsch.',
  incorrect_number: 'Ihre Kartennummer ist falsch.',
  processing_error:
    'Bei der Verarbeitung Ihrer Karte ist ein Fehler aufgetreten. Bitte versuchen Sie es in Kürze erneut.',
  authentication_failed:
    'Ihre Zahlungsmethode konnte nicht authentifiziert werden. Bitte versuchen Sie es erneut oder verwenden Sie eine andere.',
  action_required: 'Bitte schließen Sie die Zahlung in der App oder auf der Seite Ihrer Bank ab.',
  already_paid: 'Diese Bestellung wurde bereits bezahlt.',
  network: 'Die Verbindung ist abgebrochen. Bitte prüfen Sie Ihre Internetverbindung und versuchen Sie es erneut.',
  unavailable: 'Der Zahlungsdienst ist zurzeit nicht erreichbar. Bitte versuchen Sie es in Kürze erneut.',
  status_unknown:
    'Die Verbindung ist während der Zahlung abgebrochen. Bitte zahlen Sie nicht auf anderem Weg: Klicken Sie erneut auf Bezahlen, wir prüfen dann zuerst, was geschehen ist.',
  unknown:
    'Wir konnten noch nicht feststellen, was aus Ihrer Zahlung geworden ist. Bitte zahlen Sie nicht erneut, und laden Sie die Seite in Kürze neu.',
  session_expired: 'Ihre Sitzung ist abgelaufen. Bitte laden Sie die Seite neu.',
  stripe_unavailable:
    'Das Zahlungsformular konnte nicht geladen werden. Bitte prüfen Sie Ihre Verbindung oder Ihren Inhaltsblocker und versuchen Sie es erneut.',
  not_ready: 'Das Zahlungsformular ist noch nicht bereit. Bitte warten Sie einen Moment und versuchen Sie es erneut.',
  cancelled: 'Die Zahlung wurde abgebrochen.',
  shipping: 'Versand',
  pay: 'Bezahlen',
  incomplete_card: 'Ihre Kartendaten sind unvollständig.',
};

const FR: Record<MessageKey, string> = {
  generic: "Le paiement n'a pas pu être effectué. Veuillez réessayer.",
  declined: 'Votre carte a été refusée. Veuillez utiliser un autre moyen de paiement.',
  insufficient_funds: 'Les fonds disponibles sur votre carte sont insuffisants.',
  expired_card: 'Votre carte a expiré.',
  incorrect_cvc: 'Le code de sécurité de votre carte est incorrect.',
  incorrect_number: 'Le numéro de votre carte est incorrect.',
  processing_error: "Une erreur s'est produite lors du traitement de votre carte. Veuillez réessayer dans un instant.",
  authentication_failed:
    "Votre moyen de paiement n'a pas pu être authentifié. Veuillez réessayer ou en utiliser un autre.",
  action_required: "Veuillez terminer le paiement dans l'application ou sur la page de votre banque.",
  already_paid: 'Cette commande a déjà été payée.',
  network: 'La connexion a été perdue. Veuillez vérifier votre connexion internet et réessayer.',
  unavailable: "Le service de paiement n'est pas disponible pour le moment. Veuillez réessayer dans un instant.",
  status_unknown:
    "La connexion a été perdue pendant le paiement. Ne payez pas par un autre moyen : appuyez à nouveau sur payer, nous vérifierons d'abord ce qui s'est passé.",
  unknown:
    "Nous n'avons pas encore pu savoir ce qu'il est advenu de votre paiement. Veuillez ne pas payer à nouveau et recharger la page dans un instant.",
  session_expired: 'Votre session a expiré. Veuillez recharger la page.',
  stripe_unavailable:
    "Le formulaire de paiement n'a pas pu être chargé. Veuillez vérifier votre connexion ou votre bloqueur de contenu et réessayer.",
  not_ready: "Le formulaire de paiement n'est pas encore prêt. Veuillez patienter un instant et réessayer.",
  cancelled: 'Le paiement a été annulé.',
  shipping: 'Livraison',
  pay: 'Payer',
  incomplete_card: 'Les données de votre carte sont incomplètes.',
};

const LANGUAGES: Record<string, Record<MessageKey, string>> = { en: EN, de: DE, fr: FR };
export type Texts = (key: MessageKey) => string;

/** Texts in the language of `locale` (`de-AT`, `fr_FR` …), English where there is none. */
export function textsFor(locale: string | undefined): Texts {
  const language = (locale ?? '').trim().slice(0, 2).toLowerCase();
  const texts = LANGUAGES[language] ?? EN;
  return (key) => texts[key];
}

/** Stripe's error and decline codes that deserve their own sentence; every other decline says no more than "declined". */
const BY_CODE: Record<string, MessageKey> = {
  insufficient_funds: 'insufficient_funds',
  expired_card: 'expired_card',
  incorrect_cvc: 'incorrect_cvc',
  invalid_cvc: 'incorrect_cvc',
  incorrect_number: 'incorrect_number',
  invalid_number: 'incorrect_number',
  processing_error: 'processing_error',
  payment_intent_authentication_failure: 'authentication_failed',
  authentication_required: 'authentication_failed',
  card_declined: 'declined',
};

/** The message for Stripe's codes: the decline code is more specific than the code. */
export function messageKeyFor(code: string | undefined, declineCode: string | undefined): MessageKey {
  return BY_CODE[declineCode ?? ''] ?? BY_CODE[code ?? ''] ?? (declineCode ? 'declined' : 'generic');
}
