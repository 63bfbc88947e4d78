/*
 * noop: a filter that looks at nothing and adds one field: what libmilter and the machine can do.
 *
 * noop SOCKET (as libmilter takes it) [body]. It negotiates what heloscope-milter does, so both see the same
 * traffic; with "body" as where that verifies signatures.
 */
#include <libmilter/mfapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define STEPS_WANTED                                                                                         \
	(SMFIP_NOBODY | SMFIP_NOEOH | SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NR_HDR | SMFIP_HDR_LEADSPC)
#define STEPS_WITH_BODY                                                                                      \
	(SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY | SMFIP_HDR_LEADSPC)

static unsigned long steps_wanted = STEPS_WANTED;

static sfsistat
on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long more,
	     unsigned long rest, unsigned long *our_actions, unsigned long *our_steps,
	     unsigned long *our_more, unsigned long *our_rest)
{
	(void)context;
	(void)actions;
	(void)more;
	(void)rest;
	*our_actions = SMFIF_ADDHDRS;
	*our_steps = steps & steps_wanted;
	*our_more = *our_rest = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
	(void)context;
	(void)name;
	(void)address;
	return SMFIS_CONTINUE;
}

static sfsistat
on_helo(SMFICTX *context, char *name)
{
	(void)context;
	(void)name;
	return SMFIS_CONTINUE;
}

static sfsistat
on_address(SMFICTX *context, char **arguments)
{
	(void)context;
	(void)arguments;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *context, char *name, char *value)
{
	(void)context;
	(void)name;
	(void)value;
	return SMFIS_NOREPLY;
}

static sfsistat
on_end_of_header(SMFICTX *context)
{
	(void)context;
	return SMFIS_NOREPLY;
}

static sfsistat
on_body(SMFICTX *context, unsigned char *octets, size_t count)
{
	(void)context;
	(void)octets;
	(void)count;
	return SMFIS_NOREPLY;
}

static sfsistat
on_end_of_message(SMFICTX *context)
{
	char name[] = "X-Noop", value[] = " nothing was looked at";

	return smfi_insheader(context, 0, name, value) == MI_SUCCESS ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static char filter_name[] = "noop";

static struct smfiDesc description = {
	.xxfi_name = filter_name,
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = SMFIF_ADDHDRS,
	.xxfi_connect = on_connect,
	.xxfi_helo = on_helo,
	.xxfi_envfrom = on_address,
	.xxfi_envrcpt = on_address,
	.xxfi_header = on_header,
	.xxfi_eoh = on_end_of_header,
	.xxfi_body = on_body,
	.xxfi_eom = on_end_of_message,
	.xxfi_negotiate = on_negotiate,
};

int
main(int argc, char **argv)
{
	const bool takes_body = argc == 3 && strcmp(argv[2], "body") == 0;

	if (argc != 2 && !takes_body) {
		(void)fprintf(stderr, "usage: noop SOCKET [body]\n");
		return EX_USAGE;
	}
	if (takes_body)
		steps_wanted = STEPS_WITH_BODY;
	if (smfi_register(description) != MI_SUCCESS || smfi_setconn(argv[1]) != MI_SUCCESS
	    || smfi_opensocket(1) != MI_SUCCESS) {
		(void)fprintf(stderr, "noop: cannot listen on %s\n", argv[1]);
		return EX_UNAVAILABLE;
	}
	return smfi_main() == MI_SUCCESS ? EX_OK : EX_SOFTWARE;
}
