#include <pthread.h>
#include <unistd.h>

static void *thread(void *unused)
{
	usleep(50000); /* until the leader waits */
	execl("/bin/true", "true", "from", "a thread", (char *)NULL);
	return unused;
}

int main(void)
{
	pthread_t id;

	pthread_create(&id, NULL, thread, NULL);
	for (;;)
		pause();
}
