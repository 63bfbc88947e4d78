/* golden: texts that are kept in tests/golden, so that a change of words is seen as one. */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#define GOLDEN_SIZE 400000 /* octets of any */

/* Fail unless `text` is what tests/golden/NAME.txt holds; with UPDATE_GOLDEN=yes write that anew, to be read
 * by eye. */
void golden_compare(const char *name, const char *text);

#endif
