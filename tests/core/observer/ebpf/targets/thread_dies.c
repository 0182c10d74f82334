#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int tid;

static void *thread(void *unused)
{
	tid = syscall(SYS_gettid);
	syscall(SYS_getppid, 41, 42);
	return unused;
}

/* The thread's getppid is meant to be its end; join would wait for ever, so its tid is asked after. */
int main(void)
{
	pthread_t id;

	pthread_create(&id, NULL, thread, NULL);
	while (tid == 0 || syscall(SYS_tgkill, getpid(), tid, 0) == 0)
		usleep(1000);
	return 9;
}
