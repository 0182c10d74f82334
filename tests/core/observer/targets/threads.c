/* Four threads, each calling getppid 100 times; then a fork and a vfork of children that do so 10 times. */
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *call(void *count)
{
	for (long i = 0; i < (long)count; i++)
		syscall(SYS_getppid);
	return 0;
}

int main(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], 0, call, (void *)100);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], 0);
	if (fork() == 0) {
		call((void *)10);
		_exit(0);
	}
	wait(0);
	if (vfork() == 0) {
		call((void *)10);
		_exit(0);
	}
	wait(0);
	return 0;
}
