#include "heloscope/words/advise.h"

#include "heloscope/records/value.h"
#include "heloscope/words/telling.h"

void
advise(const json_t *record, struct output *out)
{
	for (int method = 0; method < METHODS; method++)
		if (telling_of((enum method)method)->advise != NULL)
			telling_of((enum method)method)->advise(record, out);
}

bool
advise_is_needed(const json_t *record)
{
	for (int method = 0; method < METHODS; method++) {
		const struct telling *telling = telling_of((enum method)method);
		const char *result = record_text(record_check(record, telling->key), "result");

		if (telling->advise != NULL && result_is_bad(result_from_word(result)))
			return true;
	}
	return false;
}
