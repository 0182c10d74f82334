#include "bare.h"

int target(long argc, char **argv)
{
	(void)argc, (void)argv;
	CALL(getppid);
	call32(20 /* getpid */, 0x1111, 0x2222, 0x3333);
	CALL(getppid);
	return 0;
}
