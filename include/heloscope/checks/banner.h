/*
 * check_banner: whether the server at the client's address greets under the client's name.
 */
#ifndef HELOSCOPE_CHECKS_BANNER_H
#define HELOSCOPE_CHECKS_BANNER_H

#include "heloscope/checks/check.h"

extern const struct check check_banner;

#endif
