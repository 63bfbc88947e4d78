#include "heloscope/words/libspf2.h"

#ifdef HAVE_LIBSPF2

/* libspf2's own headers do not compile under our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <sys/types.h>
#include <netinet/in.h>
#include <spf2/spf.h>
#pragma GCC diagnostic pop

const char *
spf_library_text(unsigned code)
{
	return SPF_strerror((SPF_errcode_t)code);
}

#else

const char *
spf_library_text(unsigned code)
{
	(void)code;
	return "an error within libspf2";
}

#endif
