/*
 * codec: how the facts of each method stand in a record's "checks": a row for each, which writes and reads
 * them.
 *
 * Only records/ includes this.
 */
#ifndef HELOSCOPE_RECORDS_CODEC_H
#define HELOSCOPE_RECORDS_CODEC_H

#include <jansson.h>

#include "heloscope/base/must_use.h"
#include "heloscope/checks/policy.h"
#include "heloscope/facts/facts.h"
#include "heloscope/records/take.h"

struct codec {
	const char *key; /* of the object in "checks" */

	/* The object, once the method has a result. heloscope/records/value.h has the means. */
	json_t *(*put)(const struct facts *facts);

	/* Set in `facts` what put() reads but the result, from such an object. What the client said is set.
	 */
	void (*take)(struct taking *taking, const struct node *check, struct facts *facts);
};

/* The table's entries: codec_iprev and so on, one for each row of facts/methods.h. */
#define CODEC_ROW(NAME, name, ...) extern const struct codec codec_##name;
METHOD_ROWS(CODEC_ROW)

/* Add what the From fields tell, "author" and "from", to such an object; and take it. */
void codec_put_author(const struct author_facts *author, json_t *object);
void codec_take_author(struct taking *taking, const struct node *check, struct author_facts *author);

/* Add what was found of the key of a signature, "key", to the object of that; and take it. */
void codec_put_key(const struct dkim_evidence *evidence, json_t *object);
void codec_take_key(struct taking *taking, const struct node *object, struct dkim_evidence *evidence);

/* Why a signature has its result: enum dkim_reason. */
extern const struct tokens codec_signature_reasons;

/* The object of a result that rests on a look at the peer; and what is known of that, NULL: nothing. */
json_t *codec_put_peer(const struct facts *facts, enum method method);
struct peer *codec_take_peer(struct taking *taking, const struct node *check, struct facts *facts) MUST_USE;

/* How the lookups of names and records ended: enum dns_status. */
extern const struct tokens codec_statuses;

/* Why nothing follows from what a list says: enum list_fault. */
extern const struct tokens codec_list_faults;

/* Why the client behind a gateway is not known: enum gateway_fault; no word for none. */
extern const struct tokens codec_gateway_faults;

/* Of a verdict: why a refusal was not done, and the stage that it waited for; no word for what is usual. */
extern const struct tokens codec_overruled, codec_stages;

/* Of a reason: enum condition_kind, enum quantity, enum subject. */
extern const struct tokens codec_tests, codec_quantities, codec_subjects;

#endif
