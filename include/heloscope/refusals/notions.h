/*
 * notions: what the words of a reply stand for, in several languages.
 *
 * "mailbox" and "postfach" are both a mailbox, "unknown" and "sconosciuto" what is not known. A word that is
 * denied is none where it says that something is there.
 */
#ifndef HELOSCOPE_REFUSALS_NOTIONS_H
#define HELOSCOPE_REFUSALS_NOTIONS_H

#include "heloscope/refusals/place.h"

/* Notions, and the words that stand for them, in the order of languages; with a * also as the beginning of a
 * word. A word may stand for several. */
/* clang-format off */
#define NOTION_ROWS(ROW) \
	ROW(MAILBOX, "user|users|username|mailbox*|mail box|account|accounts|recipient*|addressee*|alias|aliases|inbox*|" \
		"mailaddress*|customer*|subscriber*|person|maildrop|mailfolder|maildir|employee|member|" \
		"empfänger*|empfaenger*|postfach*|benutzer*|konto|utilisateur*|destinataire*|boîte|boite|compte|" \
		"usuario*|usuário*|buzon*|buzón*|destinatari*|destinatário*|destin|cuenta|caixa|conta|casella|utente*|" \
		"indirizzo|gebruiker*|ontvanger*|postvak*|skrzynk*|użytkownik*|uzytkownik*|odbiorc*|adresat*|konta|" \
		"brugeren|mottagare*|mottaker*|vastaanottaja*|no mailbox|no account|no user|no recipient|" \
		"пользовател*|ящик*|получател*|адресат*|用户*|收件人*|邮箱*|ユーザ*|受信者*|宛先*|사용자*|수신자*|no such name") \
	ROW(ADDRESS, "@|address|addresses|addr|email|e-mail|adresse*|mailadresse*|emailadresse*|dirección|direccion|" \
		"endereço|endereco|adres|indirizzo") \
	ROW(SENDER, "sender|senders|sender's|mail from|mailfrom|return-path|return path|return address|reverse-path|" \
		"return email|return e-mail|from you|outgoing|outbound|envelope|originator|from address|your email address|your e-mail address|your mail address|from domain|from header|absender*|expéditeur*|expediteur*|remitente*|" \
		"remetente*|mittente*|afzender*|nadawc*|отправител*|发件人*|送信者*|差出人*") \
	ROW(DOMAIN, "fully-qualified|fully qualified|fqdn|domain*|tld|top level domain|hostname*|domäne*|absenderdomain*|absenderdomäne*|domaine*|domini*|domena|domeny") \
	ROW(IP, "ip|ips|ipaddress*|ip-address*|client|clients|client's|netblock*|network*|subnet*|ip-adresse*|your server|" \
		"your host|your mail server|your mailserver|connections from|dnsbl*|dnsrbl|rbl|rbls") \
	ROW(NAMELESS, "cannot route|can't route|unable to route|fully-qualified|fully qualified|fqdn|unknown|unresolvable|unrouteable|unroutable|nonexist*|non-exist*|nosuch|invalid*|bogus|misspelled|unrecognized|not used|not ok|" \
		"unbekannt*|ungültig*|ungueltig*|inconnu*|invalide*|inexist*|desconocid*|desconhecid*|inválid*|" \
		"sconosciut*|inesistent*|onbekend*|ongeldig*|nieznan*|unrecognised|неизвест*|несуществу*") \
	ROW(NO, "no|not|missing|lacks|isn't|doesn't|doesnt|don't|can't|cannot|couldn't|could not|won't|wasn't|hasn't|aren't|didn't|never|" \
		"neither|nor|without|unable|nicht|kein*|non|ne|pas|aucun*|sin|não|nao|nessun*|niet|geen|nie|" \
		"no mailbox|no account|no user|no recipient|не|нет|无*|不*|未*") \
	ROW(EXIST, "have an account|has an account|exist|exists|existing|found|no such|any such|known|hosted|recognized|defined|valid|handle|handled|located|" \
		"existier*|gefunden|bekannt|existe|existent|trouvé*|trouve|encontrad*|esiste|trovat*|bestaat|istnieje|ma|" \
		"no mailbox|no account|no user|no recipient|recognised|delivery point|найден*|существу*|存在*|見つかり*") \
	ROW(FULL, "full|quota*|mailbox limit*|mailbox size|overquota|over-quota|overquote|over quote|overdrawn|storage|space|diskspace|voll|plein*|lleno|" \
		"llena|pieno|piena|cheio|cheia|vol|espace|espacio|espaço|spazio|speicherplatz|pełn*|przepełnion*|переполнен*|已满*|空间不足*|容量*") \
	ROW(OFF, "disabled|deactivated|inactivated|inactive|inactivity|suspended|suspend|closed|frozen|expired|terminated|discontinued|" \
		"cancelled|canceled|dormant|retired|deleted|no longer active|no longer in use|nicht mehr|plus utilisé*|should log in|deaktiviert*|gesperrt*|" \
		"désactivé*|suspendu*|desactivad*|suspendid*|disattivat*|disabilitat*|sospes*|geblokkeerd|" \
		"zablokowan*|nieaktywn*|not an active|not active|отключен*|заблокирован*|停用*|冻结*") \
	ROW(LOCKED, "locked|zablokowan*|verrouillé*") \
	ROW(RECEIVE, "receive|receives|receiving|accept|accepts|accepted|accepting|empfangen|angenommen|akzeptiert|recevoir|" \
		"accepté*|recibir|aceptad*|riceve*|ricezione|abilitat*|aangenomen") \
	ROW(SPAM, "spam|spams|spammer*|spammy|spamming|spam-*|spam_*|spamtrap*|spamassassin*|junk*|unsolicited|ube|uce|phish*|scam|bulkmail|bulk mail|bulk e-mail|bulk email|as bulk|" \
		"mass mail*|спам*|垃圾*|迷惑メール*|스팸*") \
	ROW(CONTENT, "content|contents|subject|html|body|macro*|wording|words in|inhalt*|betreff|" \
		"contenu*|contenid*|conteúdo|contenuto") \
	ROW(ATTACHMENT, "attachment*|attached file*|file type*|filetype*|file extension*|file_ext*|executable*|anhang|anhänge|" \
		"pièce jointe|adjunto*|anexo*|allegat*|bijlage*") \
	ROW(VIRUS, "virus|viruses|malware*|infected|trojan*|worm|worms") \
	ROW(LISTED, "spamhaus*|spamcop*|spam database|spam list|blacklist*|blocklist*|black list*|block list*|blocking list*|denylist*|deny list*|listing|rbl*|dnsbl*|dnsrbl|listed|black-listed|liste noire|" \
		"lista negra") \
	ROW(BLOCKED, "block|blocked|blocking|no access|banned|denied|deny|denies|reject*|refuse*|forbidden|prohibited|disallowed|declined|" \
		"unacceptable|objectionable|inappropriate|" \
		"abgelehnt*|abgewiesen*|verweigert*|zurückgewiesen|refusé*|rejeté*|bloqué*|rechazad*|bloquead*|rifiutat*|" \
		"bloccat*|rejeitad*|geweigerd*|odrzucon*|отклонен*|отказано*|запрещен*|拒绝*|拒收*|拒否*|차단*") \
	ROW(REPUTATION, "reputation*|complaint*|spam source|source of spam|spam sender|karma|senderscore|senderbase") \
	ROW(TOO, "too many|too much|maximum number|number of connections|too fast|too often|too frequent*|too quickly|excessive|exceeded|exceeds|exceed|exceeding|" \
		"zu viele|zu viel|überschritten|trop de|dépass*|demasiad*|muitos|troppi|troppe|troppo|te veel|zbyt|ungewöhnliche anzahl|unusual rate|unusual number|слишком много|превыш*|过多*|超过*|超出*") \
	ROW(TRAFFIC, "messages|mails|emails|e-mails|connection*|sessions|recipients|rcpt*|deliveries|commands|requests|attempts|transactions|amount of|amounts of|nachrichten|verbindungen|" \
		"connexions|mensajes|conexiones|messaggi|connessioni|concurrent|simultan*|submission") \
	ROW(RATE, "throttl*|ratelimit*|rate-limit*|rate limit*|rate-control*|slow down|frequency|flood*|per hour|per day|" \
		"per minute|hourly|daily|too fast|slower|sending limit*|sending quota|sending rate*|message rate*|message limit*|" \
		"too much mail|too much email|excessive volume") \
	ROW(POLICY, "polic*|administrative*|rule|rules|prohibition|restricted|restriction*|unauthorized|unauthorised|authorized|" \
		"permitted|allowed|permission*|richtlinie*|erlaubt|autorisé*|règle*|política*|autorizad*|politica*|regole") \
	ROW(LATER, "temporar*|temporal|later|try again|retry|busy|maintenance|overload*|deferred|transient|shutting|" \
		"vorübergehend*|voruebergehend*|später|temporair*|temporaire*|provisoire*|plus tard|más tarde|mais tarde|" \
		"più tardi|occupat*|tijdelijk*") \
	ROW(UNABLE, "unavailable|not available|not accepting|down|stopped|closing|nicht verfügbar|indisponible*|no disponible|" \
		"indisponível|non disponibile|niet beschikbaar") \
	ROW(FAULT, "error|errors|unable to|could not|can't|cannot|busy|failed|failure|fault|problem|problems|misconfigur*|database|ldap|internal|backend|i/o|crash*|outage|" \
		"timeout|timed out|no space left|fehler*|erreur*|errore") \
	ROW(SERVICE, "service|queue|queues|server|servers|system|systems|host|esmtp|smtp|dienst|serveur*|servicio|servidor|servizio") \
	ROW(RELAY, "relay*|relais|rcpthosts|non-local|not a local|forwarding|weiterleitung|gateway for") \
	ROW(LOGIN, "unauthenticated|username|authenticat*|smtp auth|smtp-auth|authorization user|authorized user|owned by|authentifi*|login|logged in|log in|password*|sasl|credential*|anonymous|anmeld*|autentica*|pop before|pop-before-smtp|pop3 first|receive your mail|check your mail|авториз*|аутентифик*|登录*|登陆*|认证*|認証*") \
	ROW(NEED, "first|required|requires|require|must|need|needs|needed|please|erforderlich|benötigt|requis*|nécessaire|requerid*|richiest*") \
	ROW(TLS, "tls*|starttls|ssl|encrypt*|plaintext|cleartext|unencrypted|certificate*|verschlüssel*") \
	ROW(HELO, "helo|ehlo") \
	ROW(PTR, "ptr|rdns|rdns-*|reverse dns|reverse name*|reverse lookup*|reverse hostname*|reverse mapping*|fcrdns|" \
		"reverse-dns|reverse record*|reverse entry|reverse resolution") \
	ROW(RESOLVE, "unresolvable|resolve|resolves|resolved|resolving|resolvable|lookup|dns|mx|a record*|mx record*|auflös*|résolu*") \
	ROW(SPF, "spf*|sender policy framework|permitted sender|sender id|sender-id|purported responsible") \
	ROW(DKIM, "dkim*|domainkeys") \
	ROW(DMARC, "dmarc*") \
	ROW(GREY, "greylist*|graylist*|grey-list*|gray-list*|grey list*|gray list*") \
	ROW(LOOP, "loop|loops|looping|hop count|many hops|received headers|schleife") \
	ROW(SIZE, "too large|too big|message size|size limit|maximum size|max size|oversize*|larger than|size exceed*|zu groß|" \
		"zu gross|trop gros*|trop volumineux|demasiado grande|troppo grande|te groot") \
	ROW(LINK, "url|urls|link|links|surbl*|uribl*|hyperlink*|web address*") \
	ROW(PROTOCOL, "crlf|line feed*|line ending*|cr or lf|invalid command|unknown command|bad command|unrecognized command|command unrecognized|invalid argument*|invalid parameter*|syntax|malformed|parse|header|headers|rfc|rfc*|compliant|message-id|bare|non-ascii|stray") \
	ROW(ONLY, "only|nur|seulement|uniquement|solo|somente|alleen") \
	ROW(RULE, "polic*|prohibition|richtlinie*|política*|politica*|politique*") \
	ROW(DYNAMIC, "dynamic|dynamically|dialup*|dial-up*|dial up|residential") \
	ROW(VERIFY, "verif*|callout|callback|unverified|undeliverable address") \
	ROW(FILTER, "filter*|rspamd|spamassassin|score|scored|scoring|quarantin*|flagged") \
	ROW(FRAME, "error from remote|remote host said|remote server returned|other server returned") \
	ROW(DNS, "dns|name server*|nameserver*") \
	ROW(BARRED, "not welcome|unwelcome|cannot send|can not send|can't send|may not send") \
	ROW(REFERENCE, "see url|see the url|see link|see the link|url below|link below|following url|following link|" \
		"this url|this link|visit|click|go to|siehe|voir|véase") \
	ROW(UNWANTED, "unwanted|dangerous|suspicious|unsafe") \
	ROW(ORDER, "first|before|sequence|not yet") \
	ROW(PROGRAM, "can't create output|procmail|maildrop|vdelivermail|command output|exec|pipe") \
	ROW(MESSAGE, "this email|this e-mail|this mail|this message|the message|your message|your email has") \
	ROW(SPAMMER, "spammer*|as spammer|spam bot*|spambot*") \
	ROW(WANTED, "want|wants|wish|wishes|by this user|by the user|by recipient|by the recipient|by user")
/* clang-format on */

#define NOTION_NUMBER(NAME, words) NUMBER_##NAME,
enum {
	NOTION_ROWS(NOTION_NUMBER) NOTIONS,
	/* Not of words: */
	NUMBER_LITERAL = NOTIONS, /* an IP address that is no server's which answers */
	NUMBER_AT_MAIL,           /* it was the answer to MAIL */
	NUMBER_FOR_NOW,           /* the code says so */
	NUMBER_SECURITY           /* the code is of security or policy (RFC 3463, 3.8) */
};
#define N(NAME) (UINT64_C(1) << NUMBER_##NAME)

#define SIGHTS_MAX 96     /* in a text; what is beyond says nothing */
#define SENTENCE_GAP 1000 /* more words than that lie between those of two sentences */

struct notion_sight {
	size_t at, word; /* octet and word of the text */
	uint64_t notions;
};

/* In the order of the text. */
struct sights {
	struct notion_sight items[SIGHTS_MAX];
	size_t count;
};

/* The words, ready to be found in a text: never changed, any thread. NULL when memory ran out. */
struct notion_words *notion_words_new(void) MUST_USE;
void notion_words_free(struct notion_words *words); /* NULL is allowed */

/* Of a normal text (refusals/normal.h) in which addresses are blotted out. */
void notions_find(const struct notion_words *words, const struct place_text *text, struct sights *sights);

#endif
