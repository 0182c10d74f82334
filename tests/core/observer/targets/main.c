/* Calls getppid before main (in a constructor) and in it. */
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void before(void)
{
	getppid();
}

int main(void)
{
	long answer = getppid();

	printf("%s\n", answer < 0 ? "refused" : "allowed");
	return 0;
}
