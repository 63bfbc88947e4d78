/*
 * ident: the reference under which a message is found again: "20261123T213300Z-4f2a91c07be3".
 *
 * UTC time, so that ids sort as messages came, and 48 random bits, so that hosts need not agree.
 * Any thread.
 */
#ifndef HELOSCOPE_BASE_IDENT_H
#define HELOSCOPE_BASE_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENT_SIZE 30 /* octets with the final NUL */

/* Write a new reference into `ident`, IDENT_SIZE octets. */
void ident_make(char *ident);

/* Whether it is a reference, or the beginning of one with at least so many octets. */
bool ident_is_beginning(const char *text, size_t least);

/* The time that a reference begins with, in seconds since 1970. */
int64_t ident_time_s(const char *ident);

#endif
