#include "heloscope/config/words.h"

#include "heloscope/facts/forwarding.h"

const char *const config_modes[2] = { [MODE_AUDIT] = "audit", [MODE_ENFORCE] = "enforce" };

const char *const config_recipients[2] = {
	[RECIPIENTS_TOGETHER] = "together",
	[RECIPIENTS_APART] = "apart",
};

const char *const config_server_modes[2] = {
	[RESOLVER_SYSTEM] = "system",
	[RESOLVER_RECURSIVE] = "recursive",
};

const char *const config_log_targets[2] = { [LOG_TARGET_STDERR] = "stderr", [LOG_TARGET_SYSLOG] = "syslog" };

const char *const config_log_levels[3] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
};

const char *const config_spf_engines[SPF_ENGINES] = {
	[SPF_ENGINE_NATIVE] = "native", [SPF_ENGINE_LIBSPF2] = "libspf2"
};

const char *const config_flags[2] = { "no", "yes" };

/* Those of the catalogue lack the word for what is not said: they begin with the second value. */
const char *const config_list_kinds[2] = { "block", "allow" };
const char *const config_list_takes[3] = { "address", "domain", "both" };
const char *const config_list_ipv6[3] = { "no", "yes", "only" };

const char *const config_no_test_entries[1] = { "none" };

const char *const config_list_states[3] = {
	[LIST_STATUS_ALIVE] = "alive",
	[LIST_STATUS_MERGED] = "merged",
	[LIST_STATUS_CLOSED] = "closed",
};

const char *const config_quantities[QUANTITIES] = {
	[QUANTITY_DNSBL] = "dnsbl",
	[QUANTITY_DNSBL_OPERATORS] = "dnsbl.operators",
	[QUANTITY_DNSWL] = "dnswl",
};

const char *const config_subjects[SUBJECTS] = {
	[SUBJECT_RECIPIENT] = "recipient",       [SUBJECT_MAIL_FROM] = "mail-from",
	[SUBJECT_HELO_NAME] = "helo-name",       [SUBJECT_CLIENT_NAME] = "client-name",
	[SUBJECT_DKIM_DOMAIN] = "dkim.domain",   [SUBJECT_FROM] = "from",
	[SUBJECT_DMARC_POLICY] = "dmarc.policy", [SUBJECT_ARC_SEALER] = "arc.sealer",
};

const char *const config_subject_words[SUBJECTS][CONFIG_SUBJECT_WORDS_MAX] = {
	[SUBJECT_FROM] = { [AUTHOR_KIND_ONE] = "one",
			   [AUTHOR_KIND_NONE] = "none",
			   [AUTHOR_KIND_SEVERAL] = "several",
			   [AUTHOR_KIND_MALFORMED] = "malformed" },
	[SUBJECT_DMARC_POLICY] = { [DMARC_NONE] = "none",
				   [DMARC_QUARANTINE] = "quarantine",
				   [DMARC_REJECT] = "reject" },
	[SUBJECT_ARC_SEALER] = { [ARC_WORTHLESS] = "none",
				 [ARC_UNTRUSTED] = "untrusted",
				 [ARC_TRUSTED] = "trusted" },
};

enum method
config_subject_method(enum subject subject)
{
	switch (subject) {
	case SUBJECT_CLIENT_NAME:
		return METHOD_IPREV;
	case SUBJECT_DKIM_DOMAIN:
		return METHOD_DKIM;
	case SUBJECT_FROM:
	case SUBJECT_DMARC_POLICY:
		return METHOD_DMARC;
	case SUBJECT_ARC_SEALER:
		return METHOD_ARC;
	case SUBJECT_RECIPIENT:
	case SUBJECT_MAIL_FROM:
	case SUBJECT_HELO_NAME:
	case SUBJECTS:
		break;
	}
	return METHODS;
}

unsigned
config_test_methods(const struct condition *test)
{
	switch (test->kind) {
	case CONDITION_RESULT:
		return 1U << test->method;
	case CONDITION_QUANTITY:
		return 1U << facts_list_method(test->quantity == QUANTITY_DNSWL);
	case CONDITION_LISTED:
		return 1U << METHOD_DNSBL | 1U << METHOD_DNSWL;
	case CONDITION_LOOKS_FORWARDED:
		return FORWARDING_METHODS;
	case CONDITION_TEXT:
	case CONDITION_WORD:
		return config_subject_method(test->subject) != METHODS
			       ? 1U << config_subject_method(test->subject)
			       : 0;
	case CONDITION_TRUSTED:
	case CONDITION_AUTHENTICATED:
	case CONDITION_CLIENT:
	case CONDITION_AND:
	case CONDITION_OR:
	case CONDITION_NOT:
		break;
	}
	return 0;
}
