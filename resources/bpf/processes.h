/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the tree grows: forks and execs. */
#pragma once

#include "calls.h"
#include "executable.h"

SEC("raw_tp/sched_process_fork")
int on_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (void *)ctx->args[1];
	struct thread *thread = thread_of(current_tid());
	struct thread newborn = {};
	struct process *record;
	__u32 tid;

	if (!thread)
		return 0;
	tid = BPF_CORE_READ(child, pid);
	newborn.state = thread->state;
	newborn.marks = MARK_NEWBORN;
	if (bpf_map_update_elem(&threads, &tid, &newborn, BPF_ANY))
		count_lost(LOST_PROCESSES); /* and all that it will do: but nothing says how much */
	if (!is_recorded(thread))
		return 0;
	record = new_process_record(PROCESS_FORK);
	if (!record)
		return 0;
	record->id = thread->marks & MARK_IN_CALL ? thread->call.id : 0;
	record->other = tid;
	record->pid_of_other = BPF_CORE_READ(child, tgid);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

/* What could not be read when execve was entered: the kernel has copies of its own by now. A script's arguments are no longer those of the
 * call, so they stay unread. */
static __always_inline void capture_exec_again(struct thread *thread, struct task_struct *task, struct linux_binprm *binprm)
{
	struct call_plan *plan = plan_of(&thread->call);
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u64 path = (__u64)BPF_CORE_READ(binprm, filename), block = BPF_CORE_READ(mm, arg_start);
	__u64 block_size = BPF_CORE_READ(mm, arg_end) - block;
	int is_script = (__u64)BPF_CORE_READ(binprm, interp) != path;

	if (!plan)
		return;
	for (int i = 0; i < CAPTURES_A_CALL; i++) {
		const struct capture_plan *one = &plan->captures[i];
		__u32 how = one->kind | one->argument << 8;

		if (!(thread->retry & (1 << i)))
			continue;
		if (one->kind == CAPTURE_STRING && one->argument == 0)
			capture(thread->call.id, path, one->size, how | HOW_KERNEL);
		else if (one->kind == CAPTURE_POINTERS && one->argument < 3 && !is_script)
			capture(thread->call.id, block, block_size < one->size ? block_size : one->size,
				how | HOW_FLAT | (block_size > one->size ? HOW_TRUNCATED : 0));
		else
			capture(thread->call.id, 0, 0, how);
	}
	thread->retry = 0;
}

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	__u32 old_tid = ctx->args[1], tid = current_tid();
	struct thread *thread = thread_of(old_tid);
	struct process *record;

	if (!thread)
		return 0;
	if (old_tid != tid) {
		/* Another thread than the leader: it has taken the dead leader's place and number. */
		bpf_map_update_elem(&threads, &tid, thread, BPF_ANY);
		bpf_map_delete_elem(&threads, &old_tid);
		thread = thread_of(tid);
		if (!thread)
			return 0;
		thread->call.tid = tid;
	}
	thread->state = STATE_LIVE;
	if ((thread->marks & MARK_IN_CALL) && thread->retry)
		capture_exec_again(thread, task, (void *)ctx->args[2]);
	record = new_process_record(PROCESS_EXEC);
	if (!record)
		return 0;
	record->id = thread->marks & MARK_IN_CALL ? thread->call.id : 0;
	record->other = old_tid;
	read_credentials(record, task);
	read_executable(record, task, (void *)ctx->args[2]);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}
