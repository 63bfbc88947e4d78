/*
 * silence: why a message to the test address gets no answer. A table; any thread.
 */
#ifndef HELOSCOPE_REFLECT_SILENCE_H
#define HELOSCOPE_REFLECT_SILENCE_H

enum silence {
	SILENCE_NONE, /* it is answered */
	SILENCE_AUTHOR,
	SILENCE_ADDRESS,
	SILENCE_ROBOT,
	SILENCE_ITSELF,
	SILENCE_AUTOMATIC,
	SILENCE_BULK,
	SILENCE_LIST,
	SILENCE_REPORT,
	SILENCE_LOOP,
	SILENCE_UNSEEN,
	SILENCE_QUEUE_ID,
	SILENCE_NO_RECORD,
	SILENCE_OTHER_REFERENCE,
	SILENCE_NULL_SENDER,
	SILENCE_OTHER_AUTHOR,
	SILENCE_UNAUTHENTICATED,
	SILENCE_ONCE_AN_HOUR,
	SILENCE_TOO_MANY,
	SILENCE_REFUSED,
	SILENCES
};

/* A clause for the log, as "From does not name exactly one author". */
const char *silence_words(enum silence silence);

#endif
