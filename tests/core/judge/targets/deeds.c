/* A deterministic program: each deed in its turn, and most in a child of its own, under the policy of tests/core/judge/test_deeds.py. It looks itself
 * at what the kernel made of each, and says which came out otherwise than expected. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int wrong;

static void expect(const char *what, int holds)
{
	if (!holds) {
		dprintf(2, "%s came out otherwise\n", what);
		wrong = 1;
	}
}

/* The wait status of a child that runs this. */
static int child(void (*deed)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		deed();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void *in_thread(void *deed)
{
	((void (*)(void))deed)();
	return 0;
}

static void thread(void (*deed)(void))
{
	pthread_t thread;

	pthread_create(&thread, 0, in_thread, deed);
	pthread_join(thread, 0);
}

/* ── what the policy's rules answer ── */

static void killed(void) { syscall(SYS_getppid); }
static void killed_thread(void) { syscall(SYS_getsid, 0); }
static void one_of_several(void) { thread(killed_thread); }
static void trapped(void) { syscall(SYS_getpgid, 0); }

static volatile int taken;
static void take(int number)
{
	(void)number;
	taken++;
}

static void trap_with_handler(void)
{
	signal(SIGSYS, take);
	trapped();
	_exit(taken == 1 ? 0 : 1);
}

static void answers(void)
{
	expect("errno", syscall(SYS_getuid) == -1 && errno == EACCES);
	expect("errno 0", syscall(SYS_getgid) == 0);
	expect("log", syscall(SYS_geteuid) == (long)getauxval(AT_EUID));
	expect("trace", syscall(SYS_getegid) == -1 && errno == ENOSYS);
}

/* ── filters of its own ── */

#define NR(number, action)                                                                                                     \
	{ BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 }, { BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number }, { BPF_RET | BPF_K, 0, 0, action },    \
	{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW }

static long install(unsigned number, unsigned action, unsigned flags)
{
	struct sock_filter code[] = { NR(number, action) };
	struct sock_fprog program = { 4, code };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void own_stack(void)
{
	install(SYS_getpriority, SECCOMP_RET_ERRNO | EACCES, 0);
	expect("own errno", syscall(SYS_getpriority, 0, 0) == -1 && errno == EACCES);
	install(SYS_getpriority, SECCOMP_RET_ERRNO | ENOENT, 0);
	expect("the newer errno", syscall(SYS_getpriority, 0, 0) == -1 && errno == ENOENT);
	install(SYS_getuid, SECCOMP_RET_LOG, 0);
	expect("the policy's stricter action", syscall(SYS_getuid) == -1 && errno == EACCES);
	install(SYS_getpriority, SECCOMP_RET_KILL_PROCESS, 0);
	syscall(SYS_getpriority, 0, 0);
}

static void own_log(void)
{
	install(SYS_sched_yield, SECCOMP_RET_LOG, 0);
	expect("own log", syscall(SYS_sched_yield) == 0);
}

static void own_trap(void)
{
	signal(SIGSYS, take);
	install(SYS_getitimer, SECCOMP_RET_TRAP, 0);
	syscall(SYS_getitimer, 0, 0);
	_exit(taken == 1 ? 0 : 1);
}

static void own_strict(void)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	syscall(SYS_getpgrp);
}

static void own_thread_kill(void) { install(SYS_alarm, SECCOMP_RET_KILL_THREAD, 0), syscall(SYS_alarm, 0); }
static void own_kill_of_one(void) { thread(own_thread_kill); }

static void own_question_unheard(void)
{
	close(install(SYS_getrusage, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER));
	expect("a question that nobody hears", syscall(SYS_getrusage, 0, 0) == -1 && errno == ENOSYS);
}

static int listener;
static void *answer(void *unused)
{
	struct seccomp_notif question = {};
	struct seccomp_notif_resp reply = {};

	ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question);
	reply.id = question.id;
	reply.val = 77;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	return unused;
}

static void own_question_answered(void)
{
	pthread_t thread;

	listener = install(SYS_getpgrp, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	pthread_create(&thread, 0, answer, 0);
	expect("an answer", syscall(SYS_getpgrp) == 77);
	pthread_join(thread, 0);
}

static int go[2];
static void *asks_later(void *unused)
{
	char byte;

	read(go[0], &byte, 1);
	expect("a filter for all threads", syscall(SYS_getitimer, 0, 0) == -1 && errno == EPERM);
	return unused;
}

static void own_for_all_threads(void)
{
	pthread_t thread;

	pipe(go);
	pthread_create(&thread, 0, asks_later, 0);
	install(SYS_getitimer, SECCOMP_RET_ERRNO | EPERM, SECCOMP_FILTER_FLAG_TSYNC);
	write(go[1], "g", 1);
	pthread_join(thread, 0);
}

static void inherited(void) { expect("an inherited filter", syscall(SYS_getitimer, 0, 0) == -1 && errno == ENOENT); }
static void own_inherited(void)
{
	install(SYS_getitimer, SECCOMP_RET_ERRNO | ENOENT, 0);
	child(inherited);
	thread(inherited);
	execl("/proc/self/exe", "deeds", "inherited", (char *)0);
}

/* ── how calls and threads come and go ── */

static long old_call(long number)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(number), "b"(0L) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void exec_from_thread(void)
{
	usleep(20000); /* by then the first thread waits for this one */
	execl("/proc/self/exe", "deeds", "nothing", (char *)0);
}
static void replaced(void) { thread(exec_from_thread); }

static int ends[2];
static void wake(int number)
{
	(void)number;
	write(ends[1], "w", 1);
}

static void restarted(void)
{
	struct sigaction action = { .sa_handler = wake, .sa_flags = SA_RESTART };
	char byte;

	pipe(ends);
	sigaction(SIGALRM, &action, 0);
	ualarm(20000, 0);
	expect("a restarted read", read(ends[0], &byte, 1) == 1);
}

static void *waits_for_ever(void *unused)
{
	char byte;

	write(go[1], "g", 1);
	read(ends[0], &byte, 1);
	return unused;
}

static void cut_off(void)
{
	pthread_t thread;
	char byte;

	pipe(ends);
	pipe(go);
	pthread_create(&thread, 0, waits_for_ever, 0);
	read(go[0], &byte, 1);
	usleep(20000);
	_exit(0);
}

static void bomb(void)
{
	for (int i = 0; i < 40; i++)
		if (!fork())
			_exit(0);
	while (wait(0) > 0)
		;
}

int main(int count, char **words)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	int status;
	pid_t pid;

	if (count > 1) {
		if (!strcmp(words[1], "inherited"))
			inherited();
		if (!strcmp(words[1], "strict")) { /* not under any filter: the modes exclude each other */
			status = child(own_strict);
			expect("own strict mode", WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		}
		return wrong;
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	status = child(killed);
	expect("kill-process", WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	expect("kill-thread of one of several", child(one_of_several) == 0);
	status = child(killed_thread);
	expect("kill-thread of the only one", WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	expect("a trap that is handled", child(trap_with_handler) == 0);
	status = child(trapped);
	expect("a trap that is not", WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	answers();

	status = child(own_stack);
	expect("own kill", WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	child(own_log);
	expect("own trap", child(own_trap) == 0);
	expect("own kill-thread", child(own_kill_of_one) == 0);
	child(own_question_unheard);
	child(own_question_answered);
	child(own_for_all_threads);
	child(own_inherited);

	expect("a 32-bit call", old_call(20) == getpid());
	expect("a refused 32-bit call", old_call(24) == -EACCES);
	pid = vfork();
	if (!pid) {
		execl("/proc/self/exe", "deeds", "nothing", (char *)0);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (!pid)
		_exit(0);
	waitpid(pid, &status, 0);
	expect("exec from a thread", child(replaced) == 0);
	child(restarted);
	child(cut_off);
	child(bomb);
	return wrong;
}
