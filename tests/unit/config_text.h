/* config_text: a configuration from a string, for unit tests. */
#ifndef TESTS_UNIT_CONFIG_TEXT_H
#define TESTS_UNIT_CONFIG_TEXT_H

#include "heloscope/config/config.h"

/*
 * Read `text` as the file "test.conf". `messages` (4096 octets) takes the complaints; NULL fails
 * the test when there are any.
 */
struct config *config_from_text(const char *text, char *messages);

#endif
