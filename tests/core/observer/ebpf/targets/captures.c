#include "bare.h"

static const char name[] = "/does/not/exist";
static char long_name[300];

int target(long argc, char **argv)
{
	char buffer[16];
	long ends[2];

	(void)argv, (void)call32;
	if (argc > 1)
		*(volatile const char *)name; /* its page is in memory now */
	for (int i = 0; i < 299; i++)
		long_name[i] = 'n';
	CALL(unlink, name);
	CALL(unlink, long_name);
	CALL(unlink, 0);
	CALL(unlink, 8);
	CALL(pipe, ends);
	CALL(write, ((int *)ends)[1], "0123456789", 10);
	CALL(read, ((int *)ends)[0], buffer, 16);
	return 0;
}
