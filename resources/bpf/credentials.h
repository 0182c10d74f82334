/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Process records, and who a process is at that moment. */
#pragma once

#include "maps.h"
#include <bpf/bpf_core_read.h>

/* A record with all that every kind has, reserved; 0 where the ring is full. */
static __always_inline struct process *new_process_record(__u32 kind)
{
	struct process *record = bpf_ringbuf_reserve(&processes, sizeof(*record), 0);

	if (!record) {
		count_lost(LOST_PROCESSES);
		return 0;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->time_ns = bpf_ktime_get_ns();
	record->kind = kind;
	record->pid = bpf_get_current_pid_tgid() >> 32;
	record->tid = current_tid();
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	return record;
}

static __always_inline void read_credentials(struct process *record, struct task_struct *task)
{
	const struct cred *cred = BPF_CORE_READ(task, cred);

	record->uids[0] = BPF_CORE_READ(cred, uid.val);
	record->uids[1] = BPF_CORE_READ(cred, euid.val);
	record->uids[2] = BPF_CORE_READ(cred, suid.val);
	record->uids[3] = BPF_CORE_READ(cred, fsuid.val);
	record->gids[0] = BPF_CORE_READ(cred, gid.val);
	record->gids[1] = BPF_CORE_READ(cred, egid.val);
	record->gids[2] = BPF_CORE_READ(cred, sgid.val);
	record->gids[3] = BPF_CORE_READ(cred, fsgid.val);
	bpf_core_read(&record->inheritable, 8, &cred->cap_inheritable);
	bpf_core_read(&record->permitted, 8, &cred->cap_permitted);
	bpf_core_read(&record->effective, 8, &cred->cap_effective);
	bpf_core_read(&record->bounding, 8, &cred->cap_bset);
	bpf_core_read(&record->ambient, 8, &cred->cap_ambient);
	record->securebits = BPF_CORE_READ(cred, securebits);
	record->user_namespace = BPF_CORE_READ(cred, user_ns, ns.inum);
	record->no_new_privs = BPF_CORE_READ(task, atomic_flags) >> PFA_NO_NEW_PRIVS & 1;
	record->seccomp = BPF_CORE_READ(task, seccomp.mode);
}

/* What execve starts from. A record for each try: those of a failed one are dropped by the reader, who sees that no exec follows. */
static __always_inline void emit_before_exec(__u64 call)
{
	struct process *record = new_process_record(PROCESS_BEFORE_EXEC);

	if (!record)
		return;
	record->id = call;
	read_credentials(record, (void *)bpf_get_current_task());
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}
