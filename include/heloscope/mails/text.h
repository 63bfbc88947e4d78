/*
 * mails_text: refusals as people paste them, without anything around them.
 *
 * One begins with its first line, and ends at an empty line, or in front of a line that has a reply code of
 * its own when the one before has had one already. Lines of a reply ("550-..."), indented lines and those of
 * a transcript ("<<< ...") go on. Memory is bounded, whatever comes: of a refusal BOUND_REFUSAL_TEXT octets
 * are kept, of a line BOUND_LINE_READ.
 */
#ifndef HELOSCOPE_MAILS_TEXT_H
#define HELOSCOPE_MAILS_TEXT_H

#include "heloscope/base/regular_file.h"
#include "heloscope/refusals/refusal.h"

/*
 * Read to the end, and hand over each refusal; `name` of the file, as it was given. False when reading
 * failed, with the reason in `lines`; what came before was handed over.
 */
bool text_read(struct file_lines *lines, struct span name, refusal_taker *take, void *context) MUST_USE;

#endif
