#include "bare.h"

int target(long argc, char **argv)
{
	(void)argc, (void)argv, (void)call32;
	return CALL(socket, 2, 3, 1) < 0;
}
