#include <pthread.h>
#include <unistd.h>

static void *thread(void *unused)
{
	usleep(20000);
	_exit(4);
	return unused;
}

int main(void)
{
	pthread_t id;

	pthread_create(&id, NULL, thread, NULL);
	pthread_exit(NULL);
}
