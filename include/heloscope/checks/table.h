/*
 * checks: the table of all checks. To add one: its file, its header, its line in checks.c.
 */
#ifndef HELOSCOPE_CHECKS_TABLE_H
#define HELOSCOPE_CHECKS_TABLE_H

#include "heloscope/checks/inquiry.h"

/* In an order in which each check needs only those before it; headers tell them in this order. */
struct check_table checks_table(void);

#endif
