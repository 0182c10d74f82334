#include "bare.h"

int target(long argc, char **argv)
{
	long fd = CALL(openat, -100, "/dev/null", 1);

	(void)argc, (void)argv, (void)call32;
	CALL(write, fd, "abc", 3);
	CALL(close, fd);
	CALL(getppid, 11, 22, 33, 44, 55, 66);
	CALL(openat, -100, "/does/not/exist", 0);
	return 7;
}
