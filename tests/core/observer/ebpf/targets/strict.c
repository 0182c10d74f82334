#include "bare.h"

int target(long argc, char **argv)
{
	(void)argc, (void)argv, (void)call32;
	CALL(prctl, 22, 1);
	CALL(getppid, 5);
	return 0;
}
