#include "bare.h"

static const char path[] = "/bin/true";
static const char *const words[] = {path, "one", "two", 0};

int target(long argc, char **argv)
{
	(void)argc, (void)argv, (void)call32;
	CALL(execve, path, words, 0);
	return 1;
}
