/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capability checks, with the kernel stack that asked. */
#pragma once

#include "calls.h"

static __always_inline void fill_check(struct check *check, const struct thread *thread, const struct cred *cred,
				       const struct user_namespace *target, int capability)
{
	__builtin_memset(check, 0, sizeof(*check));
	check->call = thread->marks & MARK_IN_CALL ? thread->call.id : 0;
	check->pid = bpf_get_current_pid_tgid() >> 32;
	check->tid = current_tid();
	check->capability = capability;
	check->namespace = BPF_CORE_READ(target, ns.inum);
	check->own_namespace = BPF_CORE_READ(cred, user_ns, ns.inum);
}

SEC("raw_tp/cap_capable")
int on_cap_capable(struct bpf_raw_tracepoint_args *ctx)
{
	struct thread *thread = thread_of(current_tid());
	struct check *check;

	if (!thread || !is_recorded(thread))
		return 0;
	check = bpf_ringbuf_reserve(&checks, sizeof(*check), 0);
	if (!check) {
		count_lost(LOST_CHECKS);
		return 0;
	}
	fill_check(check, thread, (void *)ctx->args[0], (void *)ctx->args[1], ctx->args[3]);
	check->time_ns = bpf_ktime_get_ns();
	check->granted = (int)ctx->args[4] == 0;
	bpf_get_stack(ctx, check->stack, sizeof(check->stack), 2); /* the tracepoint's glue: what is left begins with cap_capable */
	bpf_ringbuf_submit(check, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Where there is no such tracepoint (before 6.14), two probes on the function do the same: the arguments and the stack are known when it is
 * entered, the answer when it returns. */
SEC("kprobe/cap_capable")
int on_cap_capable_entry(struct probe_registers *ctx)
{
	__u32 tid = current_tid();
	struct thread *thread = thread_of(tid);
	struct check check;

	if (!thread || !is_recorded(thread))
		return 0;
	fill_check(&check, thread, (void *)ctx->di, (void *)ctx->si, ctx->dx);
	bpf_get_stack(ctx, check.stack, sizeof(check.stack), 0);
	if (bpf_map_lookup_elem(&pending_checks, &tid))
		count_lost(LOST_CHECKS); /* the kernel missed the return of the one before */
	if (bpf_map_update_elem(&pending_checks, &tid, &check, BPF_ANY))
		count_lost(LOST_CHECKS);
	return 0;
}

SEC("kretprobe/cap_capable")
int on_cap_capable_return(struct probe_registers *ctx)
{
	__u32 tid = current_tid();
	struct check *pending = bpf_map_lookup_elem(&pending_checks, &tid), *check;

	if (!pending)
		return 0;
	check = bpf_ringbuf_reserve(&checks, sizeof(*check), 0);
	if (check) {
		__builtin_memcpy(check, pending, sizeof(*check));
		check->time_ns = bpf_ktime_get_ns();
		check->granted = (int)ctx->ax == 0;
		bpf_ringbuf_submit(check, BPF_RB_NO_WAKEUP);
	} else {
		count_lost(LOST_CHECKS);
	}
	bpf_map_delete_elem(&pending_checks, &tid);
	return 0;
}
