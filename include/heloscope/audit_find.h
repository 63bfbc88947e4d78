/*
 * audit_find: finds a record in an audit log by its reference, without reading the log.
 *
 * References begin with the time and records stand in the order in which messages ended, so a binary
 * search finds the place; an hour around it is read, for messages take time.
 */
#ifndef HELOSCOPE_AUDIT_FIND_H
#define HELOSCOPE_AUDIT_FIND_H

#include <jansson.h>

#include "heloscope/error.h"

enum audit_found {
	AUDIT_FOUND,
	AUDIT_ABSENT,
	AUDIT_AMBIGUOUS,  /* several begin so; `error` names two */
	AUDIT_UNREADABLE, /* `error` says why */
};

/*
 * Look in the file at `path` and in those beside it whose names begin with it, which rotation makes
 * (not compressed ones), for the record whose reference is or begins with `id`. `record` is the
 * caller's to json_decref(). Lines that are no record, torn by a kill, are passed over.
 */
enum audit_found audit_find(const char *path, const char *id, json_t **record, struct error *error);

#endif
