/*
 * must_use: for functions whose result must not be ignored: it is what was made, or says that it was not.
 *
 * tests/check-style.sh wants it on every public function that allocates, opens, reads, parses or starts.
 */
#ifndef HELOSCOPE_BASE_MUST_USE_H
#define HELOSCOPE_BASE_MUST_USE_H

#define MUST_USE __attribute__((warn_unused_result))

#endif
