#include "heloscope/base/error.h"

#include <stdarg.h>
#include <stdio.h>

void
error_set(struct error *error, const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return;
	va_start(arguments, format);
	(void)vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
}
