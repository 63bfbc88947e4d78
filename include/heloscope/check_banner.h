/*
 * check_banner: whether the server at the client's address greets under the client's name.
 */
#ifndef HELOSCOPE_CHECK_BANNER_H
#define HELOSCOPE_CHECK_BANNER_H

#include "heloscope/check.h"

extern const struct check check_banner;

#endif
