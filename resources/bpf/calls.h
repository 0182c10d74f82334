/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls: a record each, written when the call returns. */
#pragma once

#include "capture.h"
#include "credentials.h"

#define NR_EXECVE_64 59
#define NR_EXECVEAT_64 322
#define NR_EXECVE_X32 (X32_SYSCALL_BIT | 520)
#define NR_EXECVEAT_X32 (X32_SYSCALL_BIT | 545)
#define NR_EXECVE_32 11
#define NR_EXECVEAT_32 358

static __always_inline __u64 next_id(void)
{
	__u32 zero = 0;
	__u64 *last = bpf_map_lookup_elem(&last_id, &zero);

	if (!last)
		return 0;
	*last += 1;
	return (__u64)bpf_get_smp_processor_id() << 48 | *last;
}

static __always_inline int is_exec(const struct call *call)
{
	if (call->arch == AUDIT_ARCH_I386)
		return call->nr == NR_EXECVE_32 || call->nr == NR_EXECVEAT_32;
	return call->nr == NR_EXECVE_64 || call->nr == NR_EXECVEAT_64 || call->nr == NR_EXECVE_X32 || call->nr == NR_EXECVEAT_X32;
}

/* The registers say what the call is: at entry always, at exit too where the call never ran. */
static __always_inline void read_call(struct call *call, const void *registers)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct call_registers regs;

	bpf_probe_read_kernel(&regs, sizeof(regs), registers + PT_REGS_OFFSET_BP);
	call->nr = regs.orig_ax;
	call->instruction_pointer = regs.ip;
	call->pid = pid_tgid >> 32;
	call->tid = pid_tgid;
	call->ret = 0;
	call->entered_ns = call->exited_ns = 0;
	call->flags = 0;
	if (BPF_CORE_READ(task, thread_info.status) & TS_COMPAT) {
		call->arch = AUDIT_ARCH_I386;
		call->args[0] = (__u32)regs.bx;
		call->args[1] = (__u32)regs.cx;
		call->args[2] = (__u32)regs.dx;
		call->args[3] = (__u32)regs.si;
		call->args[4] = (__u32)regs.di;
		call->args[5] = (__u32)regs.bp;
		return;
	}
	call->arch = AUDIT_ARCH_X86_64;
	call->args[0] = regs.di;
	call->args[1] = regs.si;
	call->args[2] = regs.dx;
	call->args[3] = regs.r10;
	call->args[4] = regs.r8;
	call->args[5] = regs.r9;
}

SEC("raw_tp/sys_enter")
int on_sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct thread *thread = thread_of(current_tid());

	if (!thread)
		return 0;
	thread->marks &= ~(MARK_NEWBORN | MARK_STOPPED | MARK_IN_CALL | MARK_MUTED_CALL);
	if (thread->marks & MARK_MUTED) {
		thread->marks |= MARK_MUTED_CALL;
		return 0;
	}
	read_call(&thread->call, (void *)ctx->args[0]);
	if (thread->state == STATE_ARMED && !is_exec(&thread->call))
		return 0;
	thread->call.id = next_id();
	thread->call.entered_ns = bpf_ktime_get_ns();
	thread->call.flags = CALL_PASSED;
	thread->marks |= MARK_IN_CALL;
	if (is_exec(&thread->call))
		emit_before_exec(thread->call.id);
	capture_arguments(thread, AT_ENTRY);
	return 0;
}

/* Puts the thread's call into the ring, with what is to be captured at this moment. */
static __always_inline void emit_call(struct thread *thread, enum moment moment, int captures_too)
{
	struct call *record = bpf_ringbuf_reserve(&calls, sizeof(*record), 0);

	if (!record) {
		count_lost(LOST_CALLS);
		return;
	}
	thread->call.exited_ns = bpf_ktime_get_ns();
	__builtin_memcpy(record, &thread->call, sizeof(*record));
	if (captures_too)
		capture_arguments(thread, moment);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

SEC("raw_tp/sys_exit")
int on_sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct thread *thread = thread_of(current_tid());
	__u32 marks;

	if (!thread)
		return 0;
	marks = thread->marks;
	thread->marks = marks & ~(MARK_IN_CALL | MARK_NEWBORN | MARK_MUTED_CALL);
	if (marks & MARK_IN_CALL) {
		thread->call.ret = ctx->args[1];
		thread->call.flags |= CALL_EXITED;
		emit_call(thread, AT_EXIT, 1);
		return 0;
	}
	if (marks & (MARK_NEWBORN | MARK_MUTED | MARK_MUTED_CALL))
		return 0;
	/* No enter: seccomp stopped it. */
	read_call(&thread->call, (void *)ctx->args[0]);
	if (thread->state == STATE_ARMED && !is_exec(&thread->call))
		return 0;
	thread->call.id = next_id();
	thread->call.ret = ctx->args[1];
	thread->call.flags = CALL_EXITED;
	thread->marks |= MARK_STOPPED;
	emit_call(thread, AT_REFUSAL, 1);
	return 0;
}

static __always_inline int is_recorded(const struct thread *thread)
{
	return !(thread->marks & MARK_MUTED) && (thread->state == STATE_LIVE || (thread->marks & MARK_IN_CALL));
}
