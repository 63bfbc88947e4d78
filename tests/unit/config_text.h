/* config_text: a configuration from a string, for unit tests. */
#ifndef TESTS_UNIT_CONFIG_TEXT_H
#define TESTS_UNIT_CONFIG_TEXT_H

#include "heloscope/config/config.h"

/* An SPF engine that is not the default, where this build has one. */
#ifdef HAVE_LIBSPF2
#define OTHER_SPF_ENGINE SPF_ENGINE_LIBSPF2
#define OTHER_SPF_WORD "libspf2"
#else
#define OTHER_SPF_ENGINE SPF_ENGINE_NATIVE
#define OTHER_SPF_WORD "native"
#endif

/*
 * Read `text` as the file "test.conf". `messages` (4096 octets) takes the complaints; NULL fails
 * the test when there are any.
 */
struct config *config_from_text(const char *text, char *messages);

#endif
