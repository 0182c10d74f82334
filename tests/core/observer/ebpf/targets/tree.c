#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread(void *unused)
{
	syscall(SYS_getppid, 3);
	return unused;
}

/* A fork, a vfork that executes /bin/true, and two threads; getppid with 1, 2, 3 and 3 from them. */
int main(void)
{
	pthread_t threads[2];

	if (fork() == 0) {
		syscall(SYS_getppid, 1);
		_exit(3);
	}
	wait(NULL);
	if (vfork() == 0) {
		syscall(SYS_getppid, 2);
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	wait(NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, thread, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 5;
}
