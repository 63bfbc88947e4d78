/*
 * staged_checks: checks of the header and of the body that no message needs, to try the engine with.
 *
 * "x-from", of the header: whether there is exactly one From field; found as METHOD_HELO.
 * "x-seal", of the body: the field "X-Seal: NAME" says whose TXT record tells the sum of the body's octets,
 * as a number; asked as soon as the field comes. Without that field it is done with the header. It keeps each
 * field "X-Keep", until it may keep no more: then its result is temperror. Found as METHOD_SENDER.
 */
#ifndef TESTS_UNIT_STAGED_CHECKS_H
#define TESTS_UNIT_STAGED_CHECKS_H

#include "heloscope/checks/inquiry.h"

struct check_table staged_checks(void);

#endif
