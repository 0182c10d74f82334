/* A child, a child in a session of its own and a daemon (double fork), all of which ignore what can be ignored; then the word "up". */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int up[2];

static void stay(void)
{
	for (int number = 1; number < 32; number++)
		signal(number, SIG_IGN);
	printf("%d\n", getpid());
	fflush(stdout);
	write(up[1], "u", 1);
	for (;;)
		pause();
}

int main(void)
{
	char byte;

	pipe(up);
	if (fork() == 0)
		stay();
	if (fork() == 0) {
		setsid();
		stay();
	}
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			stay();
		_exit(0);
	}
	for (int i = 0; i < 3; i++)
		read(up[0], &byte, 1);
	printf("%d\nup\n", getpid());
	fflush(stdout);
	for (;;)
		pause();
}
