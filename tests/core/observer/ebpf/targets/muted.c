#include "bare.h"

/* Says a word on stdout before each of three loops that only end when somebody writes to the word that stdin is mapped to. */
int target(long argc, char **argv)
{
	volatile int *word = (int *)CALL(mmap, 0, 4096, 1, 1, 0, 0);

	(void)argc, (void)argv, (void)call32;
	for (int i = 1; i < 4; i++) {
		CALL(write, 1, ".", 1);
		while (*word < i)
			;
		CALL(getppid, i);
	}
	return 0;
}
