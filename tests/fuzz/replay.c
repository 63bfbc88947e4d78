/* replay: runs a fuzz target once for each file named; stands in for libFuzzer's main(). */
#include <stdio.h>

#include "fuzz.h"

int
main(int argc, char **argv)
{
	static uint8_t data[1 << 20];

	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");

		if (file == NULL) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		(void)LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof data, file));
		(void)fclose(file);
	}
	return EXIT_SUCCESS;
}
