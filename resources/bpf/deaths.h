/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How threads end, and what seccomp had to do with it. */
#pragma once

#include "processes.h"

SEC("raw_tp/signal_deliver")
int on_signal(struct bpf_raw_tracepoint_args *ctx)
{
	struct kernel_siginfo *info = (void *)ctx->args[1];
	struct process *record;
	struct thread *thread;

	if ((int)ctx->args[0] != SIGSYS)
		return 0;
	thread = thread_of(current_tid());
	if (!thread || !is_recorded(thread))
		return 0;
	record = new_process_record(PROCESS_SIGNAL);
	if (!record)
		return 0;
	record->id = thread->marks & MARK_STOPPED ? thread->call.id : 0;
	record->status = SIGSYS;
	record->other = BPF_CORE_READ(info, si_code);
	record->pid_of_other = BPF_CORE_READ(info, si_errno);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Whether seccomp condemned this thread: the kernel says so since 5.16; before, its exit code lets it be known. */
static __always_inline int is_condemned(const struct thread *thread, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	int mode = BPF_CORE_READ(task, seccomp.mode), code = BPF_CORE_READ(task, exit_code) & 0x7f;
	int group_exits = BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT;

	if (mode == SECCOMP_MODE_DEAD)
		return 1;
	if (thread->marks & MARK_STOPPED)
		return code == SIGSYS;
	if (group_exits || (thread->marks & MARK_IN_CALL))
		return 0;
	return mode && code == (mode == SECCOMP_MODE_STRICT ? SIGKILL : SIGSYS);
}

static __always_inline void *registers_of(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id___since_5_15, BPF_FUNC_task_pt_regs___since_5_15))
		return (void *)bpf_task_pt_regs((void *)bpf_get_current_task_btf());
	return BPF_CORE_READ(task, stack) + THREAD_SIZE - PT_REGS_SIZE;
}

/* The call that a thread died in: it never returned, or seccomp killed the thread before it was even entered. */
static __always_inline void emit_last_call(struct thread *thread, struct task_struct *task)
{
	int condemned = is_condemned(thread, task);
	struct process *record;

	if (condemned && !(thread->marks & (MARK_IN_CALL | MARK_STOPPED))) {
		read_call(&thread->call, registers_of(task));
		thread->call.id = next_id();
		thread->call.flags = CALL_CUT_SHORT;
		emit_call(thread, AT_DEATH, 1);
	} else if (thread->marks & MARK_IN_CALL) {
		emit_call(thread, AT_EXIT, 0);
	}
	if (!condemned)
		return;
	record = new_process_record(PROCESS_KILLED_BY_SECCOMP);
	if (!record)
		return;
	record->id = thread->call.id;
	record->other = thread->call.nr;
	record->status = BPF_CORE_READ(task, exit_code);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

static __always_inline void emit_exit(__u32 tid, int status)
{
	struct process *record = new_process_record(PROCESS_EXIT);

	if (!record)
		return;
	record->tid = tid;
	record->status = status;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

/* A process ends with its last thread, whichever that is; and its wait status is the group's, where there is one, else the leader's. */
static __always_inline void emit_process_exit(struct task_struct *task, __u32 pid)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	int status;

	if (BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT)
		status = BPF_CORE_READ(signal, group_exit_code);
	else
		status = BPF_CORE_READ(task, group_leader, exit_code);
	emit_exit(pid, status);
}

SEC("raw_tp/sched_process_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	__u32 tid = current_tid(), pid = bpf_get_current_pid_tgid() >> 32;
	struct thread *thread = thread_of(tid), *leader;

	if (!thread)
		return 0;
	emit_last_call(thread, task);
	if (tid != pid) {
		bpf_map_delete_elem(&threads, &tid);
		emit_exit(tid, BPF_CORE_READ(task, exit_code));
		leader = thread_of(pid);
		if (!leader || !(leader->marks & MARK_GONE))
			return 0;
	} else {
		thread->marks = MARK_GONE;
	}
	/* Several threads may find themselves the last: the one that takes the leader out of the map speaks for the process. */
	if (!BPF_CORE_READ(task, signal, live.counter) && !bpf_map_delete_elem(&threads, &pid))
		emit_process_exit(task, pid);
	return 0;
}
