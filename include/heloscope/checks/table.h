/*
 * checks: the table of all checks: those of the methods (facts/methods.h), in that order, each behind those
 * that it needs.
 */
#ifndef HELOSCOPE_CHECKS_TABLE_H
#define HELOSCOPE_CHECKS_TABLE_H

#include "heloscope/checks/check.h"

/* Headers tell them in this order. Any thread. */
struct check_table checks_table(void);

#endif
