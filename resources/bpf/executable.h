/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an exec takes its privileges from, where the reader could not see it for itself: the file that runs (what execve was given may be
 * relative, a link or a script), how its mount is, which ids the user namespace knows, and the groups. */
#pragma once

#include "capture.h"
#include <bpf/bpf_core_read.h>

#define MAX_PARTS 64
#define LONGEST_NAME 256 /* NAME_MAX and a zero */

/* Puts the parts of a file's path, the last one first, each with its zero, into the scratch: `gathered` bytes, or -1 where there are none.
 * A global function for the reasons of `gather_pointers`. */
__attribute__((noinline)) int gather_path(__u64 address)
{
	struct scratch *scratch = scratch_of_cpu();
	struct dentry *dentry = BPF_CORE_READ((struct file *)address, f_path.dentry);
	struct mount *mount = (void *)BPF_CORE_READ((struct file *)address, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);

	if (!scratch)
		return 0;
	scratch->used = 0;
	scratch->header.truncated = 1;
	for (int i = 0; i < MAX_PARTS && scratch->used < MAX_CAPTURE - LONGEST_NAME; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		long n;

		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount) {
				scratch->header.truncated = 0;
				break;
			}
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		n = bpf_probe_read_kernel_str(scratch->data + BOUND(scratch->used, MAX_CAPTURE - 1), LONGEST_NAME,
					      BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			break;
		scratch->used += n;
		if (parent == dentry)
			break; /* it lies in no directory, as a memfd */
		dentry = parent;
	}
	scratch->gathered = scratch->used ? (__s64)scratch->used : -1;
	return 0;
}

static __always_inline void capture_ids(__u64 call, const void *ids, __u32 size, __u32 fact)
{
	capture(call, (__u64)ids, size, CAPTURE_BYTES | fact << 8 | HOW_KERNEL | (size > MAX_CAPTURE ? HOW_TRUNCATED : 0));
}

static __always_inline void capture_map(__u64 call, const struct uid_gid_map *map, __u32 fact)
{
	__u32 extents = BPF_CORE_READ(map, nr_extents);
	const void *first = (void *)map + bpf_core_field_offset(struct uid_gid_map, extent);

	if (extents > 5) /* they are elsewhere: a record that says so */
		capture_ids(call, 0, sizeof(struct uid_gid_extent), fact);
	else
		capture_ids(call, first, extents * sizeof(struct uid_gid_extent), fact);
}

static __always_inline int has_unprivileged_tracer(struct task_struct *task)
{
	const struct cred *tracer = BPF_CORE_READ(task, ptracer_cred);
	__u64 held = 0;

	if (!BPF_CORE_READ(task, ptrace))
		return 0;
	bpf_core_read(&held, 8, &tracer->cap_effective);
	return !(held >> CAP_SYS_PTRACE & 1);
}

static __always_inline void read_executable(struct process *record, struct task_struct *task, struct linux_binprm *binprm)
{
	struct file *file = BPF_CORE_READ(binprm, file);
	const struct cred *cred = BPF_CORE_READ(task, cred);
	struct user_namespace *namespace = BPF_CORE_READ(cred, user_ns);
	struct group_info *groups = BPF_CORE_READ(cred, group_info);

	record->file = BPF_CORE_READ(file, f_inode, i_ino);
	record->nosuid = BPF_CORE_READ(file, f_path.mnt, mnt_flags) & MNT_NOSUID;
	record->unprivileged_tracer = has_unprivileged_tracer(task);
	if (!record->id)
		return;
	gather_path((__u64)file);
	capture(record->id, 0, MAX_CAPTURE, CAPTURE_PARTS | EXEC_FILE << 8 | HOW_GATHERED);
	capture_ids(record->id, (void *)groups + bpf_core_field_offset(struct group_info, gid), 4 * BPF_CORE_READ(groups, ngroups), EXEC_GROUPS);
	if (!BPF_CORE_READ(namespace, level))
		return;
	capture_map(record->id, (void *)namespace + bpf_core_field_offset(struct user_namespace, uid_map), EXEC_UID_MAP);
	capture_map(record->id, (void *)namespace + bpf_core_field_offset(struct user_namespace, gid_map), EXEC_GID_MAP);
}
