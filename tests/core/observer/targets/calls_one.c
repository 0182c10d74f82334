/* Of two threads one calls getppid (110) and may be killed for it; the other goes on and exits with 3. */
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *call(void *unused)
{
	(void)unused;
	usleep(100000);
	syscall(SYS_getppid);
	return 0;
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, 0, call, 0);
	usleep(300000);
	return 3;
}
