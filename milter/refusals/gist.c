#include "heloscope/refusals/gist.h"

#include <stdlib.h>

#include "heloscope/refusals/automaton.h"
#include "heloscope/refusals/normal.h"

#define WINDOW 8          /* words between the first notion of a rule and its last one */
#define SENTENCE_GAP 1000 /* more words than that lie between those of two sentences */
#define SIGHTS_MAX 96     /* in a text; what is beyond says nothing */
#define TERMS_MAX 1024

/* Words. */

/* Notions, and the words that stand for them, in the order of languages; with a * also as the beginning of a
 * word. A word may stand for several. */
/* clang-format off */
#define NOTION_ROWS(ROW) \
	ROW(MAILBOX, "user|users|username|mailbox*|mail box|account|accounts|recipient*|addressee*|alias|aliases|inbox*|" \
		"mailaddress*|customer*|subscriber*|person|maildrop|mailfolder|maildir|employee|member|" \
		"empfänger*|empfaenger*|postfach*|benutzer*|konto|utilisateur*|destinataire*|boîte|boite|compte|" \
		"usuario*|usuário*|buzon*|buzón*|destinatari*|destinatário*|destin|cuenta|caixa|conta|casella|utente*|" \
		"indirizzo|gebruiker*|ontvanger*|postvak*|skrzynk*|użytkownik*|uzytkownik*|odbiorc*|adresat*|konta|" \
		"brugeren|mottagare*|mottaker*|vastaanottaja*|no mailbox|no account|no user|no recipient") \
	ROW(ADDRESS, "@|address|addresses|addr|email|e-mail|adresse*|mailadresse*|emailadresse*|dirección|direccion|" \
		"endereço|endereco|adres|indirizzo") \
	ROW(SENDER, "sender|senders|sender's|mail from|mailfrom|return-path|return path|return address|reverse-path|" \
		"return email|return e-mail|envelope|originator|from address|from domain|from header|absender*|expéditeur*|expediteur*|remitente*|" \
		"remetente*|mittente*|afzender*|nadawc*") \
	ROW(DOMAIN, "fully-qualified|fully qualified|fqdn|domain*|tld|top level domain|hostname*|domäne*|absenderdomain*|absenderdomäne*|domaine*|domini*|domena|domeny") \
	ROW(IP, "ip|ips|ipaddress*|ip-address*|client|clients|client's|netblock*|network*|subnet*|ip-adresse*|your server|" \
		"your host|your mail server|your mailserver|connections from") \
	ROW(NAMELESS, "cannot route|can't route|unable to route|fully-qualified|fully qualified|fqdn|unknown|unresolvable|unrouteable|unroutable|nonexist*|non-exist*|nosuch|invalid*|bogus|misspelled|unrecognized|not used|not ok|" \
		"unbekannt*|ungültig*|ungueltig*|inconnu*|invalide*|inexist*|desconocid*|desconhecid*|inválid*|" \
		"sconosciut*|inesistent*|onbekend*|ongeldig*|nieznan*") \
	ROW(NO, "no|not|missing|lacks|isn't|doesn't|doesnt|don't|can't|cannot|couldn't|could not|won't|wasn't|hasn't|aren't|didn't|never|" \
		"neither|nor|without|unable|nicht|kein*|non|ne|pas|aucun*|sin|não|nao|nessun*|niet|geen|nie|" \
		"no mailbox|no account|no user|no recipient") \
	ROW(EXIST, "have an account|has an account|exist|exists|existing|found|no such|any such|known|hosted|recognized|defined|valid|handle|handled|located|" \
		"existier*|gefunden|bekannt|existe|existent|trouvé*|trouve|encontrad*|esiste|trovat*|bestaat|istnieje|ma|" \
		"no mailbox|no account|no user|no recipient") \
	ROW(FULL, "full|quota*|mailbox limit*|mailbox size|overquota|over-quota|overquote|over quote|overdrawn|storage|space|diskspace|voll|plein*|lleno|" \
		"llena|pieno|piena|cheio|cheia|vol|espace|espacio|espaço|spazio|speicherplatz|pełn*|przepełnion*") \
	ROW(OFF, "disabled|deactivated|inactivated|inactive|inactivity|suspended|suspend|closed|frozen|expired|terminated|discontinued|" \
		"cancelled|canceled|dormant|retired|deleted|no longer active|should log in|deaktiviert*|gesperrt*|" \
		"désactivé*|suspendu*|desactivad*|suspendid*|disattivat*|disabilitat*|sospes*|geblokkeerd|" \
		"zablokowan*|nieaktywn*") \
	ROW(LOCKED, "locked|zablokowan*|verrouillé*") \
	ROW(RECEIVE, "receive|receives|receiving|accept|accepts|accepted|accepting|empfangen|angenommen|akzeptiert|recevoir|" \
		"accepté*|recibir|aceptad*|riceve*|ricezione|abilitat*|aangenomen") \
	ROW(SPAM, "spam|spams|spammer*|spammy|spamming|spam-*|spam_*|spamtrap*|spamassassin*|junk*|unsolicited|ube|uce|phish*|scam|bulkmail|bulk mail|bulk e-mail|bulk email|as bulk|" \
		"mass mail*") \
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
		"bloccat*|rejeitad*|geweigerd*|odrzucon*") \
	ROW(REPUTATION, "reputation*|complaint*|spam source|source of spam|spam sender|karma|senderscore|senderbase") \
	ROW(TOO, "too many|too much|maximum number|number of connections|too fast|too often|too frequent*|too quickly|excessive|exceeded|exceeds|exceed|exceeding|" \
		"zu viele|zu viel|überschritten|trop de|dépass*|demasiad*|muitos|troppi|troppe|troppo|te veel|zbyt") \
	ROW(TRAFFIC, "messages|mails|emails|e-mails|connection*|sessions|recipients|rcpt*|deliveries|commands|amount of|amounts of|nachrichten|verbindungen|" \
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
	ROW(RELAY, "relay*|relais|rcpthosts|non-local|not a local|forwarding|weiterleitung") \
	ROW(LOGIN, "unauthenticated|username|authenticat*|smtp auth|smtp-auth|authorization user|owned by|authentifi*|login|logged in|log in|password*|sasl|credential*|anonymous|anmeld*|autentica*") \
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
	ROW(PROTOCOL, "crlf|line feed*|line ending*|cr or lf|invalid command|unknown command|bad command|unrecognized command|command unrecognized|invalid argument*|invalid parameter*|syntax|malformed|parse|header|headers|rfc|rfc*|compliant|message-id|bare|non-ascii") \
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
	ROW(WANTED, "want|wants|wish|wishes|by this user|by the user|by recipient|by the recipient|by user")
/* clang-format on */

#define NOTION_NUMBER(NAME, words) NUMBER_##NAME,
#define NOTION_WORDS(NAME, words) words,
enum {
	NOTION_ROWS(NOTION_NUMBER) NOTIONS,
	/* Not of words: */
	NUMBER_LITERAL = NOTIONS, /* an IP address that is no server's which answers */
	NUMBER_AT_MAIL,           /* it was the answer to MAIL */
	NUMBER_FOR_NOW,           /* the code says so */
	NUMBER_SECURITY           /* the code is of security or policy (RFC 3463, 3.8) */
};
static const char *const notion_words[NOTIONS] = { NOTION_ROWS(NOTION_WORDS) };

#define N(NAME) (UINT64_C(1) << NUMBER_##NAME)

struct gist_words {
	struct automaton *automaton;
	uint64_t notions[TERMS_MAX]; /* by its numbers */
	bool is_open[TERMS_MAX];     /* likewise: the word may go on */
};

/* All terms, while the automaton is made. */
struct terms {
	struct span texts[TERMS_MAX]; /* without * */
	uint64_t notions[TERMS_MAX];
	bool is_open[TERMS_MAX];
	unsigned ids[TERMS_MAX]; /* the automaton's numbers */
	size_t count;
};

static void
add_terms(struct terms *terms, size_t notion)
{
	struct span rest = span_of(notion_words[notion]);

	while (rest.length > 0 && terms->count < TERMS_MAX) {
		struct span term = span_until(&rest, '|');
		const bool is_open = term.at[term.length - 1] == '*';

		term.length -= is_open;
		terms->texts[terms->count] = term;
		terms->notions[terms->count] = UINT64_C(1) << notion;
		terms->is_open[terms->count++] = is_open;
	}
}

/* False when memory ran out. */
static bool
make(struct gist_words *words, struct terms *terms)
{
	for (size_t i = 0; i < NOTIONS; i++)
		add_terms(terms, i);
	words->automaton = automaton_new(terms->texts, terms->count, terms->ids);
	for (size_t i = 0; i < terms->count && words->automaton != NULL; i++) {
		words->notions[terms->ids[i]] |= terms->notions[i];
		words->is_open[terms->ids[i]] = words->is_open[terms->ids[i]] || terms->is_open[i];
	}
	return words->automaton != NULL;
}

struct gist_words *
gist_words_new(void)
{
	struct gist_words *words = calloc(1, sizeof *words);
	struct terms *terms = calloc(1, sizeof *terms);
	const bool is_made = words != NULL && terms != NULL && make(words, terms);

	free(terms);
	if (is_made)
		return words;
	gist_words_free(words);
	return NULL;
}

void
gist_words_free(struct gist_words *words)
{
	if (words != NULL)
		automaton_free(words->automaton);
	free(words);
}

/* Sights of notions in a text. */

struct sight {
	size_t at, word; /* octet and word of the text */
	uint64_t notions;
};

struct sights {
	const struct gist_words *words;
	const struct place_text *text;
	struct sight items[SIGHTS_MAX];
	size_t count;
};

/* Octets of letters of any alphabet: a word goes on with them. */
static bool
is_letter(char c)
{
	return ascii_is_alpha(c) || (c & 0x80) != 0;
}

static bool
is_whole_word(const struct place_text *text, struct span place, bool is_open)
{
	const size_t begin = (size_t)(place.at - text->text.at), end = begin + place.length;

	if (text->is_in_name[begin])
		return false;
	if (begin > 0 && (is_letter(text->text.at[begin - 1]) || text->text.at[begin - 1] == NORMAL_BLOT))
		return false;
	return is_open || end >= text->text.length
	       || !(is_letter(text->text.at[end]) || text->text.at[end] == '-');
}

static void
note_term(void *context, unsigned id, struct span place)
{
	/* That something is there says nothing where it is denied. */
	static const uint64_t present = N(SPAM) | N(LISTED) | N(FULL) | N(OFF) | N(VIRUS) | N(DYNAMIC);
	struct sights *sights = context;
	const struct gist_words *words = sights->words;

	if (sights->count == SIGHTS_MAX || !is_whole_word(sights->text, place, words->is_open[id]))
		return;
	if ((words->notions[id] & present) != 0 && place_is_denied(sights->text->text, place))
		return;
	sights->items[sights->count++] = (struct sight){ .at = (size_t)(place.at - sights->text->text.at),
							 .notions = words->notions[id] };
}

/* How many octets a dotted IP address takes with which `text` begins; 0 when it is none. */
static size_t
dotted_length(struct span text)
{
	size_t length = 0;

	for (size_t part = 0; part < 4; part++) {
		const size_t digits = span_digits(span_from(text, length));

		if (digits == 0 || digits > 3)
			return 0;
		length += digits;
		if (part < 3 && (length >= text.length || text.at[length++] != '.'))
			return 0;
	}
	return length < text.length && (text.at[length] == '.' || ascii_is_alnum(text.at[length])) ? 0
												   : length;
}

/* Whether a program names there the server that it talked to. */
static bool
is_named_by_program(const struct place_text *text, size_t begin, size_t end)
{
	const struct span before[] = { SPAN("connected to "), SPAN("giving up on ") };
	const struct span behind[] = { SPAN(" does not like"), SPAN(" failed after") };

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
		if (begin >= before[i].length
		    && span_starts_with_nocase(span_from(text->text, begin - before[i].length), before[i]))
			return true;
	for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++)
		if (span_starts_with_nocase(span_from(text->text, end), behind[i]))
			return true;
	return false;
}

/* Whether it stands behind the name of the server that answers, or in front of its words: "host NAME[ADDRESS]
 * said:", "H=NAME [ADDRESS]: ". */
static bool
is_of_server(const struct place_text *text, size_t begin, size_t end)
{
	const struct span behind = span_from(text->text, end);

	if (span_starts_with_nocase(behind, SPAN("[")) || is_named_by_program(text, begin, end))
		return true;
	if (begin < 2 || !ascii_is_among(text->text.at[begin - 1], "[("))
		return false;
	begin -= text->text.at[begin - 2] == ' ' && begin > 2 ? 3 : 2;
	return text->is_in_name[begin] || ascii_is_digit(text->text.at[begin])
	       || span_starts_with_nocase(behind, SPAN("]:"))
	       || span_starts_with_nocase(behind, SPAN("] said"));
}

static void
note_literals(struct sights *sights)
{
	const struct span text = sights->text->text;

	for (size_t at = 0; at < text.length && sights->count < SIGHTS_MAX; at++) {
		size_t length;

		if (!ascii_is_digit(text.at[at])
		    || (at > 0 && (ascii_is_alnum(text.at[at - 1]) || text.at[at - 1] == '.')))
			continue;
		length = dotted_length(span_from(text, at));
		if (length == 0 || is_of_server(sights->text, at, at + length))
			continue;
		sights->items[sights->count++] = (struct sight){ .at = at, .notions = N(LITERAL) };
		at += length;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct sight *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Whether a sentence ends with that octet. */
static bool
ends_sentence(struct span text, size_t at)
{
	return ascii_is_among(text.at[at], ".;!?") && (at + 1 == text.length || text.at[at + 1] == ' ');
}

static void
number_words(struct sights *sights)
{
	const struct span text = sights->text->text;
	size_t word = 0, at = 0;

	qsort(sights->items, sights->count, sizeof *sights->items, compare);
	for (size_t i = 0; i < sights->count; i++) {
		for (; at < sights->items[i].at; at++)
			word += text.at[at] == ' ' ? 1 : ends_sentence(text, at) ? SENTENCE_GAP : 0;
		sights->items[i].word = word;
	}
}

/* Rules. */

#define STRENGTH_OF_REASONS 3 /* what is weaker may be said beside any */
#define STRENGTH_OF_TRUST 4   /* what is as strong leaves little doubt */
#define NEEDS 3               /* notions, of which one of each must be near the others */

struct gist_rule {
	enum refusal_category category;
	enum refusal_party party;
	unsigned strength; /* of those that fit the stronger ones speak */
	uint64_t needs[NEEDS];
	uint64_t bar; /* none of these may be near */
};

#define ANY UINT64_MAX
#define NOT_THERE (N(NAMELESS) | N(NO))
/* What the sending side is told to have done. */
#define ACCUSING (N(TOO) | N(TRAFFIC) | N(IP) | N(LISTED) | N(BLOCKED) | N(SENDER) | N(SPAM) | N(MAILBOX))
#define OF_SOMEBODY (N(SENDER) | N(MAILBOX) | N(ADDRESS))

static const struct gist_rule rules[] = {
	/* What stands for one thing, wherever it is. */
	{ CATEGORY_DMARC, PARTY_SENDERS_DOMAIN_OWNER, 6, { N(DMARC), ANY, ANY }, 0 },
	{ CATEGORY_SPF, PARTY_SENDERS_DOMAIN_OWNER, 5, { N(SPF), ANY, ANY }, 0 },
	{ CATEGORY_DKIM, PARTY_SENDERS_DOMAIN_OWNER, 5, { N(DKIM), ANY, ANY }, N(SPF) },
	{ CATEGORY_GREYLIST, PARTY_NOBODY_WAIT, 5, { N(GREY), ANY, ANY }, 0 },
	{ CATEGORY_VIRUS, PARTY_SENDING_SERVER_ADMIN, 5, { N(VIRUS), ANY, ANY }, N(IP) },
	{ CATEGORY_CONTENT,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(ATTACHMENT), N(BLOCKED) | N(NO) | N(POLICY) | N(UNWANTED), ANY },
	  N(SIZE) | N(TOO) },
	{ CATEGORY_HELO, PARTY_SENDING_SERVER_ADMIN, 5, { N(HELO), ANY, ANY }, N(PROTOCOL) | N(PTR) },
	{ CATEGORY_PTR, PARTY_IP_OPERATOR, 5, { N(PTR), ANY, ANY }, 0 },
	{ CATEGORY_PTR, PARTY_IP_OPERATOR, 4, { N(IP), N(RESOLVE), NOT_THERE }, N(SENDER) | N(LISTED) },
	{ CATEGORY_DYNAMIC_IP, PARTY_IP_OPERATOR, 5, { N(DYNAMIC), ANY, ANY }, 0 },

	/* Of the recipient. */
	{ CATEGORY_MAILBOX_FULL,
	  PARTY_RECIPIENT,
	  4,
	  { N(MAILBOX) | N(ADDRESS), N(FULL), ANY },
	  N(SENDER) | N(RATE) },
	{ CATEGORY_MAILBOX_FULL, PARTY_RECIPIENT, 4, { N(MAILBOX), N(SIZE), ANY }, N(SENDER) },
	{ CATEGORY_MAILBOX_DISABLED,
	  PARTY_RECIPIENT,
	  4,
	  { N(MAILBOX) | N(ADDRESS), N(OFF), ANY },
	  N(SENDER) | N(IP) },
	{ CATEGORY_MAILBOX_DISABLED,
	  PARTY_RECIPIENT,
	  4,
	  { N(MAILBOX) | N(ADDRESS), N(LOCKED), ANY },
	  N(SENDER) | N(IP) | N(LATER) },
	{ CATEGORY_MAILBOX_DISABLED,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX) | N(ADDRESS), N(RECEIVE), N(NO) },
	  N(SENDER) | N(IP) | N(ONLY) | N(NAMELESS) },
	{ CATEGORY_MAILBOX_DISABLED,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX), N(UNABLE) | N(LATER), N(LATER) },
	  N(SENDER) | N(IP) | N(LOCKED) | N(FOR_NOW) },
	{ CATEGORY_RECEIVER_FAULT,
	  PARTY_NOBODY_WAIT,
	  3,
	  { N(FOR_NOW), N(MAILBOX), N(UNABLE) | N(LATER) },
	  N(SENDER) | N(IP) | N(FULL) | N(OFF) | N(TOO) },
	{ CATEGORY_MAILBOX_UNKNOWN,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX), N(VERIFY), N(NO) | N(FAULT) },
	  N(SENDER) | N(IP) | N(FOR_NOW) },
	{ CATEGORY_POLICY,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX), N(LISTED), ANY },
	  N(IP) | N(LITERAL) | N(SENDER) | N(DOMAIN) | N(LINK) | N(BLOCKED) },
	{ CATEGORY_MAILBOX_UNKNOWN,
	  PARTY_RECIPIENT,
	  2,
	  { N(ADDRESS), N(UNABLE), ANY },
	  N(MAILBOX) | N(SENDER) | N(AT_MAIL) | N(IP) | N(LITERAL) | N(FOR_NOW) | N(LATER) | N(FULL) | N(OFF)
		  | N(SERVICE) },
	{ CATEGORY_POLICY, PARTY_RECIPIENT, 3, { N(WANTED), N(NO) | N(BLOCKED), ANY }, 0 },
	{ CATEGORY_MAILBOX_UNKNOWN,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX) | N(ADDRESS), N(NAMELESS), ANY },
	  N(SENDER) | N(AT_MAIL) | N(IP) | N(RESOLVE) },
	{ CATEGORY_MAILBOX_UNKNOWN,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX) | N(ADDRESS), N(NO), N(EXIST) },
	  N(SENDER) | N(AT_MAIL) | N(IP) | N(RESOLVE) },

	/* Of the sender and its servers. */
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  4,
	  { N(SENDER), N(DOMAIN), NOT_THERE },
	  N(LISTED) | N(RECEIVE) },
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  4,
	  { N(SENDER), N(RESOLVE), NOT_THERE },
	  N(LISTED) },
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(DOMAIN), N(RESOLVE), N(NEED) },
	  N(IP) | N(MAILBOX) | N(HELO) | N(PTR) },
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(AT_MAIL), N(NO), N(EXIST) },
	  OF_SOMEBODY },
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(AT_MAIL), N(NAMELESS), ANY },
	  OF_SOMEBODY | N(PROTOCOL) },
	{ CATEGORY_SENDER_UNKNOWN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(SENDER), N(NAMELESS), ANY },
	  N(DOMAIN) },
	{ CATEGORY_SENDER_UNKNOWN, PARTY_SENDERS_DOMAIN_OWNER, 3, { N(SENDER), N(NO), N(EXIST) }, N(DOMAIN) },
	{ CATEGORY_SENDER_UNKNOWN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  4,
	  { N(AT_MAIL), OF_SOMEBODY, N(NAMELESS) },
	  N(DOMAIN) },
	{ CATEGORY_SENDER_UNKNOWN, PARTY_SENDERS_DOMAIN_OWNER, 4, { N(SENDER), N(VERIFY), ANY }, N(DOMAIN) },
	{ CATEGORY_IP_LISTED,
	  PARTY_SENDING_SERVER_ADMIN,
	  4,
	  { N(IP) | N(LITERAL), N(LISTED), ANY },
	  N(LINK) },
	{ CATEGORY_IP_LISTED,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(LISTED), ANY, ANY },
	  N(SENDER) | N(DOMAIN) | N(LINK) | N(MAILBOX) },
	{ CATEGORY_IP_LISTED,
	  PARTY_SENDING_SERVER_ADMIN,
	  2,
	  { N(IP) | N(LITERAL), N(BLOCKED), ANY },
	  N(MAILBOX) | N(SENDER) },
	{ CATEGORY_IP_LISTED,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(IP) | N(LITERAL), N(SENDER), N(BLOCKED) },
	  N(MAILBOX) | N(NAMELESS) | N(DOMAIN) },
	{ CATEGORY_DOMAIN_LISTED,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(DOMAIN), N(LISTED), ANY },
	  N(IP) | N(LITERAL) | N(MAILBOX) },
	{ CATEGORY_POLICY,
	  PARTY_RECEIVER,
	  3,
	  { N(SENDER), N(LISTED), ANY },
	  N(IP) | N(LITERAL) | N(DOMAIN) | N(NAMELESS) | N(LINK) },
	{ CATEGORY_REPUTATION, PARTY_SENDING_SERVER_ADMIN, 4, { N(REPUTATION), ANY, ANY }, 0 },
	{ CATEGORY_REPUTATION,
	  PARTY_SENDING_SERVER_ADMIN,
	  5,
	  { N(TOO), N(MAILBOX) | N(ADDRESS), N(NAMELESS) },
	  0 },
	{ CATEGORY_RATE,
	  PARTY_SENDING_SERVER_ADMIN,
	  4,
	  { N(TOO), N(TRAFFIC), ANY },
	  N(MAILBOX) & ~N(TRAFFIC) },
	{ CATEGORY_RATE, PARTY_SENDING_SERVER_ADMIN, 4, { N(RATE), ANY, ANY }, 0 },
	{ CATEGORY_AUTH_REQUIRED,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(LOGIN), N(NEED) | N(NO), ANY },
	  N(MAILBOX) },
	{ CATEGORY_AUTH_REQUIRED,
	  PARTY_SENDING_SERVER_ADMIN,
	  4,
	  { N(SENDER), N(LOGIN), N(NO) | N(NEED) },
	  0 },
	{ CATEGORY_TLS,
	  PARTY_SENDING_SERVER_ADMIN,
	  4,
	  { N(TLS), N(NEED) | N(NO) | N(FAULT) | N(BLOCKED) | N(ONLY), ANY },
	  0 },
	{ CATEGORY_PROTOCOL,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(PROTOCOL), NOT_THERE | N(BLOCKED) | N(FAULT), ANY },
	  0 },
	{ CATEGORY_PROTOCOL, PARTY_SENDING_SERVER_ADMIN, 4, { N(PROTOCOL), N(SIZE), ANY }, 0 },

	/* Of the message. */
	{ CATEGORY_SIZE, PARTY_SENDING_SERVER_ADMIN, 3, { N(SIZE), ANY, ANY }, N(MAILBOX) | N(FULL) },
	{ CATEGORY_CONTENT, PARTY_SENDING_SERVER_ADMIN, 3, { N(SPAM), ANY, ANY }, 0 },
	{ CATEGORY_REPUTATION, PARTY_SENDING_SERVER_ADMIN, 4, { N(SPAM), N(TOO), ANY }, N(CONTENT) },
	{ CATEGORY_CONTENT,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(CONTENT), N(BLOCKED) | N(NO) | N(POLICY), ANY },
	  0 },
	{ CATEGORY_CONTENT,
	  PARTY_SENDING_SERVER_ADMIN,
	  2,
	  { N(FILTER), N(BLOCKED) | N(CONTENT) | N(TOO), ANY },
	  N(IP) | N(LITERAL) | N(SENDER) | N(MAILBOX) },
	{ CATEGORY_URL,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  4,
	  { N(LINK), N(LISTED) | N(BLOCKED) | N(SPAM), ANY },
	  N(REFERENCE) },
	{ CATEGORY_RELAY, PARTY_RECEIVER, 4, { N(RELAY), N(NO) | N(BLOCKED) | N(POLICY), ANY }, 0 },
	{ CATEGORY_LOOP, PARTY_RECEIVER, 4, { N(LOOP), ANY, ANY }, 0 },

	/* Of the receiver. */
	{ CATEGORY_POLICY,
	  PARTY_RECEIVER,
	  2,
	  { N(SENDER), N(BLOCKED) | N(POLICY), ANY },
	  N(NAMELESS) | N(FAULT) },
	{ CATEGORY_POLICY, PARTY_RECIPIENT, 3, { N(MAILBOX), N(ONLY), N(RECEIVE) }, 0 },
	{ CATEGORY_POLICY, PARTY_RECEIVER, 1, { N(POLICY), N(NO) | N(BLOCKED) | N(SECURITY), ANY }, 0 },
	{ CATEGORY_POLICY, PARTY_RECEIVER, 1, { N(RULE), ANY, ANY }, 0 },
	{ CATEGORY_POLICY, PARTY_RECEIVER, 1, { N(BARRED), ANY, ANY }, 0 },
	{ CATEGORY_DNS_FAULT_RECEIVER,
	  PARTY_RECEIVER,
	  4,
	  { N(DNS), N(FAULT) | N(UNABLE) | N(LATER), N(FOR_NOW) },
	  N(SENDER) | N(IP) | N(LITERAL) | N(PTR) | N(HELO) | N(LISTED) | N(SPF) | N(DKIM) | N(DMARC)
		  | N(AT_MAIL) },
	{ CATEGORY_RECEIVER_FAULT, PARTY_RECEIVER, 3, { N(SERVICE), N(FULL), ANY }, OF_SOMEBODY },
	{ CATEGORY_RECEIVER_FAULT,
	  PARTY_NOBODY_WAIT,
	  1,
	  { N(FOR_NOW), N(LATER) | N(UNABLE), N(FAULT) | N(SERVICE) },
	  ACCUSING },
	{ CATEGORY_RECEIVER_FAULT,
	  PARTY_NOBODY_WAIT,
	  1,
	  { N(FOR_NOW), N(FAULT), ANY },
	  (ACCUSING & ~N(TRAFFIC)) | N(RESOLVE) | N(FRAME) },
	{ CATEGORY_RECEIVER_FAULT,
	  PARTY_RECEIVER,
	  1,
	  { N(FAULT), N(SERVICE), ANY },
	  ACCUSING | N(FOR_NOW) | N(FRAME) },
};

/* What is said within so many words in front of a sight and behind it. */
static uint64_t
near(const struct sights *sights, size_t index, size_t before, size_t behind)
{
	const size_t word = sights->items[index].word;
	uint64_t notions = 0;

	for (size_t i = 0; i < sights->count; i++)
		if (sights->items[i].word + before >= word && sights->items[i].word <= word + behind)
			notions |= sights->items[i].notions;
	return notions;
}

/* `notions`: of a window; `around`: those, and of what stands in front of it. */
static bool
fits(const struct gist_rule *rule, uint64_t notions, uint64_t around)
{
	for (size_t i = 0; i < NEEDS; i++)
		if ((notions & rule->needs[i]) == 0)
			return false;
	return (around & rule->bar) == 0;
}

/* The rule that speaks, of those before and one more; one that contradicts another of its strength silences
 * both. */
struct verdict {
	const struct gist_rule *rule; /* NULL: none */
	bool is_disputed;
};

static void
hear(struct verdict *verdict, const struct gist_rule *rule)
{
	if (verdict->rule == NULL || rule->strength > verdict->rule->strength)
		*verdict = (struct verdict){ rule, false };
	else if (rule->strength == verdict->rule->strength && rule->category != verdict->rule->category)
		verdict->is_disputed = true;
}

struct gist
gist_of(const struct gist_words *words, const struct place_text *text, enum refusal_stage stage,
	const struct codes *codes)
{
	/* Whoever answers MAIL knows no address but the sender's. */
	const uint64_t always =
		(stage == REFUSAL_STAGE_MAIL ? N(AT_MAIL) : 0) | (codes_class(codes) == 4 ? N(FOR_NOW) : 0)
		| (codes->enhanced.class != 0 && codes->enhanced.subject == 7 ? N(SECURITY) : 0);
	struct sights sights = { .words = words, .text = text };
	struct verdict verdict = { NULL, false };

	automaton_scan(words->automaton, text->text, note_term, &sights);
	note_literals(&sights);
	number_words(&sights);
	for (size_t i = 0; i < sights.count; i++) {
		const uint64_t notions = always | near(&sights, i, 0, WINDOW);
		const uint64_t around = notions | near(&sights, i, WINDOW, 0);

		for (size_t rule = 0; rule < sizeof rules / sizeof rules[0]; rule++)
			if (fits(&rules[rule], notions, around))
				hear(&verdict, &rules[rule]);
	}
	if (verdict.rule == NULL || verdict.is_disputed)
		return (struct gist){ CATEGORY_UNKNOWN, PARTY_UNKNOWN, true, false };
	return (struct gist){ verdict.rule->category, verdict.rule->party,
			      verdict.rule->strength < STRENGTH_OF_REASONS,
			      verdict.rule->strength >= STRENGTH_OF_TRUST };
}
