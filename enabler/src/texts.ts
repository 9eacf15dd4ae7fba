/**
 * The shopper's texts where Stripe has none: one table, one sentence per key and language. `{due}` stands for an amount
 * of money in the shopper's format. Each sentence was compared with the English one. The address is formal where the
 * language has a formal one, as in Stripe's own texts.
 */
const en = {
  generic: 'The payment could not be completed. Please try again.',
  declined: 'Your card was declined. Please use another payment method.',
  insufficient_funds: 'Your card has insufficient funds.',
  expired_card: 'Your card has expired.',
  incorrect_cvc: "Your card's security code is incorrect.",
  incorrect_number: 'Your card number is incorrect.',
  incomplete_card: 'Your card details are incomplete.',
  processing_error: 'An error occurred while processing your card. Try again in a little while.',
  authentication_failed: 'We could not authenticate your payment method. Please try again or use another one.',
  action_required: 'Please complete the payment in the app or on the page of your bank.',
  already_paid: 'This order has already been paid.',
  cart_changed: 'Your payment was received, but your cart has changed since then. {due} remains to be paid.',
  amount_changed: 'The amount to pay has changed to {due}. Please check your order and pay again.',
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
};
export type MessageKey = keyof typeof en;
type Sentences = Record<MessageKey, string>;

const cs: Sentences = {
  generic: 'Platbu se nepodařilo dokončit. Zkuste to prosím znovu.',
  declined: 'Vaše karta byla zamítnuta. Použijte prosím jinou platební metodu.',
  insufficient_funds: 'Na vaší kartě není dostatek prostředků.',
  expired_card: 'Platnost vaší karty vypršela.',
  incorrect_cvc: 'Bezpečnostní kód karty je nesprávný.',
  incorrect_number: 'Číslo karty je nesprávné.',
  incomplete_card: 'Údaje o kartě nejsou úplné.',
  processing_error: 'Při zpracování karty došlo k chybě. Zkuste to za chvíli znovu.',
  authentication_failed: 'Platební metodu se nepodařilo ověřit. Zkuste to prosím znovu nebo použijte jinou.',
  action_required: 'Dokončete prosím platbu v aplikaci nebo na stránce své banky.',
  already_paid: 'Tato objednávka již byla zaplacena.',
  cart_changed: 'Vaši platbu jsme přijali, ale váš košík se mezitím změnil. Zbývá zaplatit {due}.',
  amount_changed: 'Částka k zaplacení se změnila na {due}. Zkontrolujte prosím objednávku a zaplaťte znovu.',
  network: 'Spojení bylo přerušeno. Zkontrolujte prosím připojení k internetu a zkuste to znovu.',
  unavailable: 'Platební služba není momentálně dostupná. Zkuste to prosím za chvíli znovu.',
  status_unknown:
    'Spojení bylo přerušeno během placení. Neplaťte prosím jiným způsobem: stiskněte znovu tlačítko pro zaplacení a my nejprve ověříme, co se stalo.',
  unknown:
    'Zatím se nám nepodařilo zjistit, co se s vaší platbou stalo. Neplaťte prosím znovu a za chvíli stránku obnovte.',
  session_expired: 'Platnost vaší relace vypršela. Obnovte prosím stránku.',
  stripe_unavailable:
    'Platební formulář se nepodařilo načíst. Zkontrolujte prosím připojení nebo blokování obsahu a zkuste to znovu.',
  not_ready: 'Platební formulář ještě není připraven. Chvíli prosím počkejte a zkuste to znovu.',
  cancelled: 'Platba byla zrušena.',
  shipping: 'Doprava',
  pay: 'Zaplatit',
};

const da: Sentences = {
  generic: 'Betalingen kunne ikke gennemføres. Prøv igen.',
  declined: 'Dit kort blev afvist. Brug en anden betalingsmetode.',
  insufficient_funds: 'Der er ikke dækning på dit kort.',
  expired_card: 'Dit kort er udløbet.',
  incorrect_cvc: 'Kortets sikkerhedskode er forkert.',
  incorrect_number: 'Kortnummeret er forkert.',
  incomplete_card: 'Dine kortoplysninger er ufuldstændige.',
  processing_error: 'Der opstod en fejl under behandlingen af dit kort. Prøv igen om lidt.',
  authentication_failed: 'Vi kunne ikke godkende din betalingsmetode. Prøv igen, eller brug en anden.',
  action_required: 'Gennemfør betalingen i appen eller på din banks side.',
  already_paid: 'Denne ordre er allerede betalt.',
  cart_changed: 'Vi har modtaget din betaling, men din indkøbskurv er ændret siden. Der mangler at blive betalt {due}.',
  amount_changed: 'Beløbet er ændret til {due}. Kontrollér din ordre, og betal igen.',
  network: 'Forbindelsen blev afbrudt. Kontrollér din internetforbindelse, og prøv igen.',
  unavailable: 'Betalingstjenesten er ikke tilgængelig i øjeblikket. Prøv igen om lidt.',
  status_unknown:
    'Forbindelsen blev afbrudt, mens du betalte. Betal ikke på anden vis: Tryk på betal igen, så undersøger vi først, hvad der skete.',
  unknown:
    'Vi har endnu ikke kunnet finde ud af, hvad der skete med din betaling. Betal ikke igen, og genindlæs siden om et øjeblik.',
  session_expired: 'Din session er udløbet. Genindlæs siden.',
  stripe_unavailable:
    'Betalingsformularen kunne ikke indlæses. Kontrollér din forbindelse eller indholdsblokering, og prøv igen.',
  not_ready: 'Betalingsformularen er ikke klar endnu. Vent et øjeblik, og prøv igen.',
  cancelled: 'Betalingen blev annulleret.',
  shipping: 'Levering',
  pay: 'Betal',
};

const de: Sentences = {
  generic: 'Die Zahlung konnte nicht abgeschlossen werden. Bitte versuchen Sie es erneut.',
  declined: 'Ihre Karte wurde abgelehnt. Bitte verwenden Sie eine andere Zahlungsmethode.',
  insufficient_funds: 'Ihre Karte ist nicht ausreichend gedeckt.',
  expired_card: 'Ihre Karte ist abgelaufen.',
  incorrect_cvc: 'Die Prüfziffer Ihrer Karte ist falsch.',
  incorrect_number: 'Ihre Kartennummer ist falsch.',
  incomplete_card: 'Ihre Kartendaten sind unvollständig.',
  processing_error:
    'Bei der Verarbeitung Ihrer Karte ist ein Fehler aufgetreten. Bitte versuchen Sie es in Kürze erneut.',
  authentication_failed:
    'Ihre Zahlungsmethode konnte nicht authentifiziert werden. Bitte versuchen Sie es erneut oder verwenden Sie eine andere.',
  action_required: 'Bitte schließen Sie die Zahlung in der App oder auf der Seite Ihrer Bank ab.',
  already_paid: 'Diese Bestellung wurde bereits bezahlt.',
  cart_changed:
    'Ihre Zahlung ist eingegangen, aber Ihr Warenkorb hat sich inzwischen geändert. Es bleiben {due} zu bezahlen.',
  amount_changed:
    'Der zu zahlende Betrag hat sich auf {due} geändert. Bitte prüfen Sie Ihre Bestellung und bezahlen Sie erneut.',
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
};

const el: Sentences = {
  generic: 'Η πληρωμή δεν ολοκληρώθηκε. Δοκιμάστε ξανά.',
  declined: 'Η κάρτα σας απορρίφθηκε. Χρησιμοποιήστε άλλον τρόπο πληρωμής.',
  insufficient_funds: 'Το υπόλοιπο της κάρτας σας δεν επαρκεί.',
  expired_card: 'Η κάρτα σας έχει λήξει.',
  incorrect_cvc: 'Ο κωδικός ασφαλείας της κάρτας σας δεν είναι σωστός.',
  incorrect_number: 'Ο αριθμός της κάρτας σας δεν είναι σωστός.',
  incomplete_card: 'Τα στοιχεία της κάρτας σας δεν είναι πλήρη.',
  processing_error: 'Παρουσιάστηκε σφάλμα κατά την επεξεργασία της κάρτας σας. Δοκιμάστε ξανά σε λίγο.',
  authentication_failed:
    'Δεν ήταν δυνατή η ταυτοποίηση του τρόπου πληρωμής σας. Δοκιμάστε ξανά ή χρησιμοποιήστε άλλον.',
  action_required: 'Ολοκληρώστε την πληρωμή στην εφαρμογή ή στη σελίδα της τράπεζάς σας.',
  already_paid: 'Αυτή η παραγγελία έχει ήδη πληρωθεί.',
  cart_changed: 'Η πληρωμή σας ελήφθη, αλλά το καλάθι σας άλλαξε στο μεταξύ. Απομένουν προς πληρωμή {due}.',
  amount_changed: 'Το ποσό πληρωμής άλλαξε σε {due}. Ελέγξτε την παραγγελία σας και πληρώστε ξανά.',
  network: 'Η σύνδεση χάθηκε. Ελέγξτε τη σύνδεσή σας στο διαδίκτυο και δοκιμάστε ξανά.',
  unavailable: 'Η υπηρεσία πληρωμών δεν είναι διαθέσιμη αυτή τη στιγμή. Δοκιμάστε ξανά σε λίγο.',
  status_unknown:
    'Η σύνδεση χάθηκε κατά την πληρωμή. Μην πληρώσετε με άλλον τρόπο: πατήστε ξανά πληρωμή και θα ελέγξουμε πρώτα τι συνέβη.',
  unknown: 'Δεν γνωρίζουμε ακόμη τι απέγινε η πληρωμή σας. Μην πληρώσετε ξανά και φορτώστε ξανά τη σελίδα σε λίγο.',
  session_expired: 'Η συνεδρία σας έληξε. Φορτώστε ξανά τη σελίδα.',
  stripe_unavailable:
    'Δεν ήταν δυνατή η φόρτωση της φόρμας πληρωμής. Ελέγξτε τη σύνδεσή σας ή το πρόγραμμα αποκλεισμού περιεχομένου και δοκιμάστε ξανά.',
  not_ready: 'Η φόρμα πληρωμής δεν είναι ακόμη έτοιμη. Περιμένετε λίγο και δοκιμάστε ξανά.',
  cancelled: 'Η πληρωμή ακυρώθηκε.',
  shipping: 'Αποστολή',
  pay: 'Πληρωμή',
};

const es: Sentences = {
  generic: 'No se ha podido completar el pago. Inténtelo de nuevo.',
  declined: 'Su tarjeta ha sido rechazada. Utilice otro método de pago.',
  insufficient_funds: 'Su tarjeta no tiene fondos suficientes.',
  expired_card: 'Su tarjeta ha caducado.',
  incorrect_cvc: 'El código de seguridad de su tarjeta es incorrecto.',
  incorrect_number: 'El número de su tarjeta es incorrecto.',
  incomplete_card: 'Los datos de su tarjeta están incompletos.',
  processing_error: 'Se ha producido un error al procesar su tarjeta. Inténtelo de nuevo en unos momentos.',
  authentication_failed: 'No hemos podido autenticar su método de pago. Inténtelo de nuevo o utilice otro.',
  action_required: 'Complete el pago en la aplicación o en la página de su banco.',
  already_paid: 'Este pedido ya está pagado.',
  cart_changed: 'Hemos recibido su pago, pero su carrito ha cambiado desde entonces. Quedan {due} por pagar.',
  amount_changed: 'El importe a pagar ha cambiado a {due}. Revise su pedido y pague de nuevo.',
  network: 'Se ha perdido la conexión. Compruebe su conexión a internet e inténtelo de nuevo.',
  unavailable: 'El servicio de pago no está disponible en este momento. Inténtelo de nuevo en unos momentos.',
  status_unknown:
    'Se ha perdido la conexión durante el pago. No pague por otro medio: pulse pagar otra vez y primero comprobaremos qué ha ocurrido.',
  unknown:
    'Todavía no hemos podido averiguar qué ha pasado con su pago. No pague de nuevo y recargue la página dentro de un momento.',
  session_expired: 'Su sesión ha caducado. Recargue la página.',
  stripe_unavailable:
    'No se ha podido cargar el formulario de pago. Compruebe su conexión o su bloqueador de contenido e inténtelo de nuevo.',
  not_ready: 'El formulario de pago aún no está listo. Espere un momento e inténtelo de nuevo.',
  cancelled: 'El pago se ha cancelado.',
  shipping: 'Envío',
  pay: 'Pagar',
};

const fi: Sentences = {
  generic: 'Maksua ei voitu suorittaa. Yritä uudelleen.',
  declined: 'Korttisi hylättiin. Käytä toista maksutapaa.',
  insufficient_funds: 'Kortillasi ei ole riittävästi katetta.',
  expired_card: 'Korttisi on vanhentunut.',
  incorrect_cvc: 'Korttisi turvakoodi on virheellinen.',
  incorrect_number: 'Korttisi numero on virheellinen.',
  incomplete_card: 'Korttisi tiedot ovat puutteelliset.',
  processing_error: 'Korttisi käsittelyssä tapahtui virhe. Yritä hetken kuluttua uudelleen.',
  authentication_failed: 'Maksutapaasi ei voitu todentaa. Yritä uudelleen tai käytä toista maksutapaa.',
  action_required: 'Vahvista maksu pankkisi sovelluksessa tai sivulla.',
  already_paid: 'Tämä tilaus on jo maksettu.',
  cart_changed: 'Maksusi on vastaanotettu, mutta ostoskorisi on muuttunut sen jälkeen. Maksettavaa on jäljellä {due}.',
  amount_changed: 'Maksettava summa on muuttunut: {due}. Tarkista tilauksesi ja maksa uudelleen.',
  network: 'Yhteys katkesi. Tarkista verkkoyhteytesi ja yritä uudelleen.',
  unavailable: 'Maksupalvelu ei ole juuri nyt käytettävissä. Yritä hetken kuluttua uudelleen.',
  status_unknown:
    'Yhteys katkesi maksun aikana. Älä maksa muulla tavalla: paina maksa-painiketta uudelleen, niin tarkistamme ensin, mitä tapahtui.',
  unknown:
    'Emme ole vielä saaneet selville, miten maksusi kävi. Älä maksa uudelleen, vaan lataa sivu hetken kuluttua uudelleen.',
  session_expired: 'Istuntosi on vanhentunut. Lataa sivu uudelleen.',
  stripe_unavailable: 'Maksulomaketta ei voitu ladata. Tarkista yhteytesi tai sisällönesto ja yritä uudelleen.',
  not_ready: 'Maksulomake ei ole vielä valmis. Odota hetki ja yritä uudelleen.',
  cancelled: 'Maksu peruutettiin.',
  shipping: 'Toimitus',
  pay: 'Maksa',
};

const fr: Sentences = {
  generic: "Le paiement n'a pas pu être effectué. Veuillez réessayer.",
  declined: 'Votre carte a été refusée. Veuillez utiliser un autre moyen de paiement.',
  insufficient_funds: 'Les fonds disponibles sur votre carte sont insuffisants.',
  expired_card: 'Votre carte a expiré.',
  incorrect_cvc: 'Le code de sécurité de votre carte est incorrect.',
  incorrect_number: 'Le numéro de votre carte est incorrect.',
  incomplete_card: 'Les données de votre carte sont incomplètes.',
  processing_error: "Une erreur s'est produite lors du traitement de votre carte. Veuillez réessayer dans un instant.",
  authentication_failed:
    "Votre moyen de paiement n'a pas pu être authentifié. Veuillez réessayer ou en utiliser un autre.",
  action_required: "Veuillez terminer le paiement dans l'application ou sur la page de votre banque.",
  already_paid: 'Cette commande a déjà été payée.',
  cart_changed: 'Votre paiement a bien été reçu, mais votre panier a changé entre-temps. Il reste {due} à payer.',
  amount_changed: 'Le montant à payer est désormais de {due}. Veuillez vérifier votre commande et payer à nouveau.',
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
};

const hu: Sentences = {
  generic: 'A fizetés nem sikerült. Kérjük, próbálja újra.',
  declined: 'A kártyáját elutasították. Kérjük, használjon másik fizetési módot.',
  insufficient_funds: 'A kártyáján nincs elegendő fedezet.',
  expired_card: 'A kártyája lejárt.',
  incorrect_cvc: 'A kártya biztonsági kódja helytelen.',
  incorrect_number: 'A kártyaszám helytelen.',
  incomplete_card: 'A kártyaadatok hiányosak.',
  processing_error: 'Hiba történt a kártya feldolgozása során. Kérjük, próbálja újra kis idő múlva.',
  authentication_failed: 'A fizetési módot nem sikerült hitelesíteni. Kérjük, próbálja újra, vagy használjon másikat.',
  action_required: 'Kérjük, fejezze be a fizetést az alkalmazásban vagy a bankja oldalán.',
  already_paid: 'Ezt a rendelést már kifizették.',
  cart_changed: 'A fizetése megérkezett, de a kosara azóta megváltozott. Még fizetendő: {due}.',
  amount_changed: 'A fizetendő összeg megváltozott: {due}. Kérjük, ellenőrizze a rendelését, és fizessen újra.',
  network: 'A kapcsolat megszakadt. Kérjük, ellenőrizze az internetkapcsolatát, és próbálja újra.',
  unavailable: 'A fizetési szolgáltatás jelenleg nem érhető el. Kérjük, próbálja újra kis idő múlva.',
  status_unknown:
    'A kapcsolat fizetés közben megszakadt. Kérjük, ne fizessen más módon: nyomja meg újra a fizetés gombot, és először ellenőrizzük, mi történt.',
  unknown:
    'Még nem tudtuk megállapítani, mi történt a fizetésével. Kérjük, ne fizessen újra, és kis idő múlva töltse újra az oldalt.',
  session_expired: 'A munkamenete lejárt. Kérjük, töltse újra az oldalt.',
  stripe_unavailable:
    'A fizetési űrlapot nem sikerült betölteni. Kérjük, ellenőrizze a kapcsolatát vagy a tartalomblokkolót, és próbálja újra.',
  not_ready: 'A fizetési űrlap még nem áll készen. Kérjük, várjon egy kicsit, és próbálja újra.',
  cancelled: 'A fizetést megszakították.',
  shipping: 'Szállítás',
  pay: 'Fizetés',
};

const it: Sentences = {
  generic: 'Non è stato possibile completare il pagamento. Riprova.',
  declined: 'La tua carta è stata rifiutata. Usa un altro metodo di pagamento.',
  insufficient_funds: 'La tua carta non ha fondi sufficienti.',
  expired_card: 'La tua carta è scaduta.',
  incorrect_cvc: 'Il codice di sicurezza della carta non è corretto.',
  incorrect_number: 'Il numero della carta non è corretto.',
  incomplete_card: 'I dati della carta sono incompleti.',
  processing_error: "Si è verificato un errore durante l'elaborazione della carta. Riprova tra poco.",
  authentication_failed: 'Non è stato possibile autenticare il metodo di pagamento. Riprova o usane un altro.',
  action_required: "Completa il pagamento nell'app o nella pagina della tua banca.",
  already_paid: 'Questo ordine è già stato pagato.',
  cart_changed: 'Abbiamo ricevuto il tuo pagamento, ma nel frattempo il carrello è cambiato. Restano da pagare {due}.',
  amount_changed: "L'importo da pagare è cambiato: {due}. Controlla l'ordine e paga di nuovo.",
  network: 'La connessione si è interrotta. Controlla la connessione a internet e riprova.',
  unavailable: 'Il servizio di pagamento al momento non è disponibile. Riprova tra poco.',
  status_unknown:
    'La connessione si è interrotta durante il pagamento. Non pagare in altro modo: premi di nuovo paga e verificheremo prima che cosa è successo.',
  unknown:
    'Non siamo ancora riusciti a sapere che cosa è successo al tuo pagamento. Non pagare di nuovo e ricarica la pagina tra poco.',
  session_expired: 'La tua sessione è scaduta. Ricarica la pagina.',
  stripe_unavailable:
    'Non è stato possibile caricare il modulo di pagamento. Controlla la connessione o il blocco dei contenuti e riprova.',
  not_ready: 'Il modulo di pagamento non è ancora pronto. Attendi un momento e riprova.',
  cancelled: 'Il pagamento è stato annullato.',
  shipping: 'Spedizione',
  pay: 'Paga',
};

const ja: Sentences = {
  generic: 'お支払いを完了できませんでした。もう一度お試しください。',
  declined: 'カードが拒否されました。別のお支払い方法をご利用ください。',
  insufficient_funds: 'カードの残高または利用可能額が不足しています。',
  expired_card: 'カードの有効期限が切れています。',
  incorrect_cvc: 'カードのセキュリティコードが正しくありません。',
  incorrect_number: 'カード番号が正しくありません。',
  incomplete_card: 'カード情報に未入力の項目があります。',
  processing_error: 'カードの処理中にエラーが発生しました。しばらくしてからもう一度お試しください。',
  authentication_failed: 'お支払い方法を認証できませんでした。もう一度お試しいただくか、別の方法をご利用ください。',
  action_required: '銀行のアプリまたはページでお支払いを完了してください。',
  already_paid: 'このご注文はすでにお支払い済みです。',
  cart_changed: 'お支払いは受領しましたが、その後カートの内容が変更されました。残りのお支払い額は{due}です。',
  amount_changed: 'お支払い金額が{due}に変更されました。ご注文内容をご確認のうえ、もう一度お支払いください。',
  network: '接続が切れました。インターネット接続をご確認のうえ、もう一度お試しください。',
  unavailable: '現在、決済サービスをご利用いただけません。しばらくしてからもう一度お試しください。',
  status_unknown:
    'お支払い中に接続が切れました。別の方法では支払わず、もう一度支払いボタンを押してください。先に結果を確認いたします。',
  unknown:
    'お支払いの結果をまだ確認できていません。再度お支払いにならず、しばらくしてからページを再読み込みしてください。',
  session_expired: 'セッションの有効期限が切れました。ページを再読み込みしてください。',
  stripe_unavailable:
    '決済フォームを読み込めませんでした。接続またはコンテンツブロッカーをご確認のうえ、もう一度お試しください。',
  not_ready: '決済フォームの準備ができていません。少し待ってからもう一度お試しください。',
  cancelled: 'お支払いはキャンセルされました。',
  shipping: '配送',
  pay: '支払う',
};

const nb: Sentences = {
  generic: 'Betalingen kunne ikke fullføres. Prøv igjen.',
  declined: 'Kortet ditt ble avvist. Bruk en annen betalingsmåte.',
  insufficient_funds: 'Det er ikke dekning på kortet ditt.',
  expired_card: 'Kortet ditt er utløpt.',
  incorrect_cvc: 'Kortets sikkerhetskode er feil.',
  incorrect_number: 'Kortnummeret er feil.',
  incomplete_card: 'Kortopplysningene er ufullstendige.',
  processing_error: 'Det oppstod en feil under behandlingen av kortet. Prøv igjen om litt.',
  authentication_failed: 'Vi kunne ikke godkjenne betalingsmåten din. Prøv igjen, eller bruk en annen.',
  action_required: 'Fullfør betalingen i appen eller på siden til banken din.',
  already_paid: 'Denne bestillingen er allerede betalt.',
  cart_changed: 'Vi har mottatt betalingen din, men handlekurven er endret siden. Det gjenstår å betale {due}.',
  amount_changed: 'Beløpet er endret til {due}. Kontroller bestillingen og betal på nytt.',
  network: 'Forbindelsen ble brutt. Kontroller internettforbindelsen og prøv igjen.',
  unavailable: 'Betalingstjenesten er ikke tilgjengelig for øyeblikket. Prøv igjen om litt.',
  status_unknown:
    'Forbindelsen ble brutt mens du betalte. Ikke betal på annen måte: Trykk på betal igjen, så undersøker vi først hva som skjedde.',
  unknown:
    'Vi har ennå ikke funnet ut hva som skjedde med betalingen din. Ikke betal på nytt, og last inn siden igjen om litt.',
  session_expired: 'Økten din er utløpt. Last inn siden på nytt.',
  stripe_unavailable:
    'Betalingsskjemaet kunne ikke lastes inn. Kontroller forbindelsen eller innholdsblokkeringen og prøv igjen.',
  not_ready: 'Betalingsskjemaet er ikke klart ennå. Vent litt og prøv igjen.',
  cancelled: 'Betalingen ble avbrutt.',
  shipping: 'Frakt',
  pay: 'Betal',
};

const nl: Sentences = {
  generic: 'De betaling kon niet worden voltooid. Probeer het opnieuw.',
  declined: 'Uw kaart is geweigerd. Gebruik een andere betaalmethode.',
  insufficient_funds: 'Uw kaart heeft onvoldoende saldo.',
  expired_card: 'Uw kaart is verlopen.',
  incorrect_cvc: 'De beveiligingscode van uw kaart is onjuist.',
  incorrect_number: 'Uw kaartnummer is onjuist.',
  incomplete_card: 'Uw kaartgegevens zijn onvolledig.',
  processing_error: 'Er is een fout opgetreden bij het verwerken van uw kaart. Probeer het over een ogenblik opnieuw.',
  authentication_failed: 'We konden uw betaalmethode niet verifiëren. Probeer het opnieuw of gebruik een andere.',
  action_required: 'Rond de betaling af in de app of op de pagina van uw bank.',
  already_paid: 'Deze bestelling is al betaald.',
  cart_changed:
    'Uw betaling is ontvangen, maar uw winkelwagen is intussen gewijzigd. Er moet nog {due} worden betaald.',
  amount_changed: 'Het te betalen bedrag is gewijzigd in {due}. Controleer uw bestelling en betaal opnieuw.',
  network: 'De verbinding is verbroken. Controleer uw internetverbinding en probeer het opnieuw.',
  unavailable: 'De betaaldienst is momenteel niet beschikbaar. Probeer het over een ogenblik opnieuw.',
  status_unknown:
    'De verbinding is tijdens het betalen verbroken. Betaal niet op een andere manier: klik opnieuw op betalen, dan gaan we eerst na wat er is gebeurd.',
  unknown:
    'We konden nog niet nagaan wat er met uw betaling is gebeurd. Betaal niet opnieuw en laad de pagina over een ogenblik opnieuw.',
  session_expired: 'Uw sessie is verlopen. Laad de pagina opnieuw.',
  stripe_unavailable:
    'Het betaalformulier kon niet worden geladen. Controleer uw verbinding of contentblokkering en probeer het opnieuw.',
  not_ready: 'Het betaalformulier is nog niet gereed. Wacht een ogenblik en probeer het opnieuw.',
  cancelled: 'De betaling is geannuleerd.',
  shipping: 'Verzending',
  pay: 'Betalen',
};

const pl: Sentences = {
  generic: 'Nie udało się zrealizować płatności. Spróbuj ponownie.',
  declined: 'Karta została odrzucona. Użyj innej metody płatności.',
  insufficient_funds: 'Na karcie brakuje środków.',
  expired_card: 'Karta straciła ważność.',
  incorrect_cvc: 'Kod zabezpieczający karty jest nieprawidłowy.',
  incorrect_number: 'Numer karty jest nieprawidłowy.',
  incomplete_card: 'Dane karty są niekompletne.',
  processing_error: 'Podczas przetwarzania karty wystąpił błąd. Spróbuj ponownie za chwilę.',
  authentication_failed: 'Nie udało się uwierzytelnić metody płatności. Spróbuj ponownie lub użyj innej.',
  action_required: 'Dokończ płatność w aplikacji lub na stronie swojego banku.',
  already_paid: 'To zamówienie zostało już opłacone.',
  cart_changed: 'Otrzymaliśmy płatność, ale koszyk zmienił się od tego czasu. Pozostało do zapłaty: {due}.',
  amount_changed: 'Kwota do zapłaty zmieniła się na {due}. Sprawdź zamówienie i zapłać ponownie.',
  network: 'Połączenie zostało przerwane. Sprawdź połączenie z internetem i spróbuj ponownie.',
  unavailable: 'Usługa płatnicza jest obecnie niedostępna. Spróbuj ponownie za chwilę.',
  status_unknown:
    'Połączenie zostało przerwane podczas płatności. Nie płać w inny sposób: ponownie naciśnij przycisk płatności, a najpierw sprawdzimy, co się stało.',
  unknown: 'Nie udało się jeszcze ustalić, co stało się z płatnością. Nie płać ponownie i za chwilę odśwież stronę.',
  session_expired: 'Sesja wygasła. Odśwież stronę.',
  stripe_unavailable:
    'Nie udało się wczytać formularza płatności. Sprawdź połączenie lub blokadę treści i spróbuj ponownie.',
  not_ready: 'Formularz płatności nie jest jeszcze gotowy. Poczekaj chwilę i spróbuj ponownie.',
  cancelled: 'Płatność została anulowana.',
  shipping: 'Dostawa',
  pay: 'Zapłać',
};

const pt: Sentences = {
  generic: 'Não foi possível concluir o pagamento. Tente novamente.',
  declined: 'O seu cartão foi recusado. Utilize outro método de pagamento.',
  insufficient_funds: 'O seu cartão não tem saldo suficiente.',
  expired_card: 'O seu cartão expirou.',
  incorrect_cvc: 'O código de segurança do cartão está incorreto.',
  incorrect_number: 'O número do cartão está incorreto.',
  incomplete_card: 'Os dados do cartão estão incompletos.',
  processing_error: 'Ocorreu um erro ao processar o seu cartão. Tente novamente dentro de momentos.',
  authentication_failed: 'Não foi possível autenticar o seu método de pagamento. Tente novamente ou utilize outro.',
  action_required: 'Conclua o pagamento na aplicação ou na página do seu banco.',
  already_paid: 'Esta encomenda já foi paga.',
  cart_changed: 'O seu pagamento foi recebido, mas o seu carrinho mudou entretanto. Falta pagar {due}.',
  amount_changed: 'O valor a pagar mudou para {due}. Verifique a sua encomenda e pague novamente.',
  network: 'A ligação perdeu-se. Verifique a sua ligação à internet e tente novamente.',
  unavailable: 'O serviço de pagamento não está disponível neste momento. Tente novamente dentro de momentos.',
  status_unknown:
    'A ligação perdeu-se durante o pagamento. Não pague de outra forma: prima pagar novamente e verificaremos primeiro o que aconteceu.',
  unknown:
    'Ainda não foi possível saber o que aconteceu ao seu pagamento. Não pague novamente e recarregue a página dentro de momentos.',
  session_expired: 'A sua sessão expirou. Recarregue a página.',
  stripe_unavailable:
    'Não foi possível carregar o formulário de pagamento. Verifique a sua ligação ou o bloqueador de conteúdo e tente novamente.',
  not_ready: 'O formulário de pagamento ainda não está pronto. Aguarde um momento e tente novamente.',
  cancelled: 'O pagamento foi cancelado.',
  shipping: 'Envio',
  pay: 'Pagar',
};

const ro: Sentences = {
  generic: 'Plata nu a putut fi finalizată. Vă rugăm să încercați din nou.',
  declined: 'Cardul dvs. a fost refuzat. Vă rugăm să folosiți altă metodă de plată.',
  insufficient_funds: 'Cardul dvs. nu are fonduri suficiente.',
  expired_card: 'Cardul dvs. a expirat.',
  incorrect_cvc: 'Codul de securitate al cardului este incorect.',
  incorrect_number: 'Numărul cardului este incorect.',
  incomplete_card: 'Datele cardului sunt incomplete.',
  processing_error: 'A apărut o eroare la procesarea cardului. Încercați din nou peste puțin timp.',
  authentication_failed: 'Metoda de plată nu a putut fi autentificată. Încercați din nou sau folosiți alta.',
  action_required: 'Vă rugăm să finalizați plata în aplicația sau pe pagina băncii dvs.',
  already_paid: 'Această comandă a fost deja plătită.',
  cart_changed: 'Plata dvs. a fost primită, dar coșul s-a schimbat între timp. Mai este de plătit {due}.',
  amount_changed: 'Suma de plată s-a schimbat: {due}. Verificați comanda și plătiți din nou.',
  network: 'Conexiunea s-a întrerupt. Verificați conexiunea la internet și încercați din nou.',
  unavailable: 'Serviciul de plată nu este disponibil momentan. Încercați din nou peste puțin timp.',
  status_unknown:
    'Conexiunea s-a întrerupt în timpul plății. Nu plătiți în alt mod: apăsați din nou pe plată și vom verifica mai întâi ce s-a întâmplat.',
  unknown:
    'Încă nu am putut afla ce s-a întâmplat cu plata dvs. Nu plătiți din nou și reîncărcați pagina peste puțin timp.',
  session_expired: 'Sesiunea dvs. a expirat. Reîncărcați pagina.',
  stripe_unavailable:
    'Formularul de plată nu a putut fi încărcat. Verificați conexiunea sau blocarea conținutului și încercați din nou.',
  not_ready: 'Formularul de plată nu este încă pregătit. Așteptați puțin și încercați din nou.',
  cancelled: 'Plata a fost anulată.',
  shipping: 'Livrare',
  pay: 'Plătește',
};

const sv: Sentences = {
  generic: 'Betalningen kunde inte genomföras. Försök igen.',
  declined: 'Ditt kort nekades. Använd en annan betalningsmetod.',
  insufficient_funds: 'Det finns inte tillräckligt med pengar på kortet.',
  expired_card: 'Ditt kort har gått ut.',
  incorrect_cvc: 'Kortets säkerhetskod är felaktig.',
  incorrect_number: 'Kortnumret är felaktigt.',
  incomplete_card: 'Kortuppgifterna är ofullständiga.',
  processing_error: 'Ett fel uppstod när kortet behandlades. Försök igen om en liten stund.',
  authentication_failed: 'Vi kunde inte verifiera din betalningsmetod. Försök igen eller använd en annan.',
  action_required: 'Slutför betalningen i appen eller på din banks sida.',
  already_paid: 'Den här beställningen är redan betald.',
  cart_changed:
    'Vi har tagit emot din betalning, men varukorgen har ändrats sedan dess. Det återstår {due} att betala.',
  amount_changed: 'Beloppet har ändrats till {due}. Kontrollera din beställning och betala igen.',
  network: 'Anslutningen bröts. Kontrollera din internetanslutning och försök igen.',
  unavailable: 'Betaltjänsten är inte tillgänglig just nu. Försök igen om en liten stund.',
  status_unknown:
    'Anslutningen bröts medan du betalade. Betala inte på annat sätt: tryck på betala igen så kontrollerar vi först vad som hände.',
  unknown:
    'Vi har ännu inte kunnat ta reda på vad som hände med din betalning. Betala inte igen, och ladda om sidan om en stund.',
  session_expired: 'Din session har gått ut. Ladda om sidan.',
  stripe_unavailable:
    'Betalningsformuläret kunde inte laddas. Kontrollera din anslutning eller innehållsblockerare och försök igen.',
  not_ready: 'Betalningsformuläret är inte klart än. Vänta en stund och försök igen.',
  cancelled: 'Betalningen avbröts.',
  shipping: 'Frakt',
  pay: 'Betala',
};

const zh: Sentences = {
  generic: '付款未能完成，请重试。',
  declined: '您的银行卡被拒绝，请使用其他付款方式。',
  insufficient_funds: '您的银行卡余额不足。',
  expired_card: '您的银行卡已过期。',
  incorrect_cvc: '银行卡的安全码不正确。',
  incorrect_number: '银行卡号不正确。',
  incomplete_card: '银行卡信息不完整。',
  processing_error: '处理您的银行卡时出错，请稍后重试。',
  authentication_failed: '无法验证您的付款方式，请重试或使用其他方式。',
  action_required: '请在银行的应用或页面中完成付款。',
  already_paid: '此订单已付款。',
  cart_changed: '我们已收到您的付款，但购物车此后发生了变化。还需支付 {due}。',
  amount_changed: '应付金额已变为 {due}。请核对订单后重新付款。',
  network: '连接已中断。请检查网络连接后重试。',
  unavailable: '付款服务暂时不可用，请稍后重试。',
  status_unknown: '付款过程中连接中断。请勿用其他方式付款：再次点击付款，我们会先核实情况。',
  unknown: '我们尚未查明您的付款结果。请勿重复付款，并稍后刷新页面。',
  session_expired: '您的会话已过期，请刷新页面。',
  stripe_unavailable: '付款表单无法加载。请检查网络连接或内容拦截器后重试。',
  not_ready: '付款表单尚未就绪，请稍候再试。',
  cancelled: '付款已取消。',
  shipping: '配送',
  pay: '付款',
};

const zhHant: Sentences = {
  generic: '付款未能完成，請再試一次。',
  declined: '您的卡片遭到拒絕，請使用其他付款方式。',
  insufficient_funds: '您的卡片餘額不足。',
  expired_card: '您的卡片已過期。',
  incorrect_cvc: '卡片安全碼不正確。',
  incorrect_number: '卡片號碼不正確。',
  incomplete_card: '卡片資料不完整。',
  processing_error: '處理您的卡片時發生錯誤，請稍後再試。',
  authentication_failed: '無法驗證您的付款方式，請再試一次或使用其他方式。',
  action_required: '請在銀行的應用程式或網頁完成付款。',
  already_paid: '此訂單已付款。',
  cart_changed: '我們已收到您的付款，但購物車在此之後有所變動。尚需支付 {due}。',
  amount_changed: '應付金額已變更為 {due}。請確認訂單後重新付款。',
  network: '連線已中斷。請檢查網路連線後再試一次。',
  unavailable: '付款服務目前無法使用，請稍後再試。',
  status_unknown: '付款時連線中斷。請勿以其他方式付款：再次按下付款，我們會先確認發生了什麼事。',
  unknown: '我們尚未查明您的付款結果。請勿重複付款，並稍後重新載入頁面。',
  session_expired: '您的工作階段已過期，請重新載入頁面。',
  stripe_unavailable: '無法載入付款表單。請檢查網路連線或內容封鎖工具後再試一次。',
  not_ready: '付款表單尚未就緒，請稍候再試。',
  cancelled: '付款已取消。',
  shipping: '運送',
  pay: '付款',
};

/** By BCP-47 language, or language and script. */
export const TEXTS = { cs, da, de, el, en, es, fi, fr, hu, it, ja, nb, nl, pl, pt, ro, sv, zh, 'zh-Hant': zhHant };
