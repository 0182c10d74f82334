/* execve from a thread that is not the leader. */
#include <pthread.h>
#include <unistd.h>

static void *become(void *path)
{
	char *argv[] = {path, "done", 0};

	usleep(200000);
	execve(path, argv, 0);
	return 0;
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, 0, become, "/bin/echo");
	pause();
	return 1;
}
