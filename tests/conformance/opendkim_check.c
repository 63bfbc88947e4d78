/*
 * opendkim_check: verifies a signature by libopendkim, for test_dkim_peers.py, which compiles it.
 *
 * Standard input: "RECORD-OCTETS MESSAGE-OCTETS", a line, then the key's record and the message; as often as
 * there are messages. Standard output: "pass" or "not" for each.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

static char *record;

static DKIM_CBSTAT
find_key(DKIM *dkim, DKIM_SIGINFO *signature, u_char *buffer, size_t size)
{
	(void)dkim;
	if (strcmp((char *)dkim_sig_getdomain(signature), "a.test") != 0
	    || strcmp((char *)dkim_sig_getselector(signature), "k") != 0)
		return DKIM_CBSTAT_NOTFOUND;
	(void)snprintf((char *)buffer, size, "%s", record);
	return DKIM_CBSTAT_CONTINUE;
}

static char *
read_octets(size_t length)
{
	char *octets = malloc(length + 1);

	if (octets == NULL || fread(octets, 1, length, stdin) != length)
		exit(EXIT_FAILURE);
	octets[length] = '\0';
	return octets;
}

static bool
passes(DKIM *dkim)
{
	const DKIM_SIGINFO *signature = dkim_getsignature(dkim);

	return signature != NULL && (dkim_sig_getflags((DKIM_SIGINFO *)signature) & DKIM_SIGFLAG_PASSED) != 0
	       && dkim_sig_getbh((DKIM_SIGINFO *)signature) == DKIM_SIGBH_MATCH
	       && dkim_sig_geterror((DKIM_SIGINFO *)signature) == DKIM_SIGERROR_OK;
}

static bool
verify(DKIM_LIB *library, char *message, size_t length)
{
	DKIM_STAT status;
	DKIM *dkim = dkim_verify(library, (const u_char *)"test", NULL, &status);
	bool is_good = dkim != NULL && dkim_chunk(dkim, (u_char *)message, length) == DKIM_STAT_OK
		       && dkim_chunk(dkim, NULL, 0) == DKIM_STAT_OK;

	if (is_good)
		is_good = dkim_eom(dkim, NULL) == DKIM_STAT_OK && passes(dkim);
	if (dkim != NULL)
		(void)dkim_free(dkim);
	return is_good;
}

int
main(void)
{
	DKIM_LIB *library = dkim_init(NULL, NULL);
	u_int flags = DKIM_LIBFLAGS_BADSIGHANDLES;
	size_t record_size, size;

	if (library == NULL)
		return EXIT_FAILURE;
	(void)dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags);
	(void)dkim_set_key_lookup(library, find_key);
	while (scanf("%zu %zu", &record_size, &size) == 2 && getchar() == '\n') {
		char *message;

		record = read_octets(record_size);
		message = read_octets(size);
		(void)puts(verify(library, message, size) ? "pass" : "not");
		free(message);
		free(record);
	}
	return EXIT_SUCCESS;
}
