/*
 * words_libspf2: what libspf2 says of errors of its own. Any thread.
 */
#ifndef HELOSCOPE_WORDS_LIBSPF2_H
#define HELOSCOPE_WORDS_LIBSPF2_H

/* Of an SPF_errcode_t, without a final dot; of a build without libspf2 that it was one. */
const char *spf_library_text(unsigned code);

#endif
