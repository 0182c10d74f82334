/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gatescope.bpf.c needs of the kernel's types: only the fields it reads. Each access is relocated at load time
 * against the running kernel's BTF (CO-RE), so that these definitions need not match any one version's layout. */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

/* include/uapi/linux/bpf.h */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0 };
enum { BPF_RB_NO_WAKEUP = 1 };
enum { BPF_F_MMAPABLE = 1024 };

/* A raw tracepoint's arguments, each widened to 64 bits. */
struct bpf_raw_tracepoint_args {
	__u64 args[6];
};

/* arch/x86/include/uapi/asm/ptrace.h: struct pt_regs is x86_64's ABI, the same in every kernel; of its 21 words these are the ones in the
 * middle, read at once. */
struct call_registers {
	__u64 bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip;
};
#define PT_REGS_OFFSET_BP (4 * 8)
#define PT_REGS_SIZE (21 * 8)

/* The same, as a probe's program is given it: arguments in di, si, dx, the result in ax. */
struct probe_registers {
	__u64 before_bp[4];
	__u64 bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	__u32 inum;
};

struct uid_gid_extent {
	__u32 first, lower_first, count;
};

struct uid_gid_map {
	struct uid_gid_extent extent[5];
	__u32 nr_extents;
};

struct user_namespace {
	struct uid_gid_map uid_map, gid_map;
	int level;
	struct ns_common ns;
};

typedef struct {
	__u32 val;
} kuid_t;

struct group_info {
	int ngroups;
	kuid_t gid[]; /* kgid_t, which is as large */
};

/* A u32[2] before 6.3 and a u64 since: 8 bytes with the low word first either way. */
typedef struct {
	__u64 val;
} kernel_cap_t;

struct cred {
	/* uid gid suid sgid euid egid fsuid fsgid lie one behind the other in every version; each is relocated on its own all the same. */
	kuid_t uid, gid, suid, sgid, euid, egid, fsuid, fsgid;
	__u32 securebits;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
	struct user_namespace *user_ns;
	struct group_info *group_info;
};

struct inode {
	unsigned long i_ino;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
	int mnt_flags;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
};

struct thread_info {
	__u32 status;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	__u32 flags;
};

struct seccomp {
	int mode;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
};

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	struct mm_struct *mm;
	int exit_code;
	unsigned long atomic_flags;
	unsigned int ptrace;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	const struct cred *ptracer_cred, *cred;
	struct signal_struct *signal;
	struct seccomp seccomp;
};

struct kernel_siginfo {
	int si_signo;
	int si_errno;
	int si_code;
};

/* The helper exists since 5.15; asked for by name, so that an older kernel never sees the call. */
enum bpf_func_id___since_5_15 {
	BPF_FUNC_task_pt_regs___since_5_15 = 175,
};

#pragma clang attribute pop

#define AUDIT_ARCH_X86_64 0xC000003E
#define AUDIT_ARCH_I386 0x40000003
#define X32_SYSCALL_BIT 0x40000000

#define TS_COMPAT 0x0002 /* arch/x86/include/asm/thread_info.h: the current call came by a 32-bit entry */
#define PFA_NO_NEW_PRIVS 0 /* include/linux/sched.h: its bit in task->atomic_flags */
#define MNT_NOSUID 0x01 /* include/linux/mount.h */
#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */
#define SECCOMP_MODE_STRICT 1
#define SECCOMP_MODE_DEAD 3 /* kernel/seccomp.c: this thread was condemned (since 5.16) */
#define THREAD_SIZE 16384 /* x86_64 without KASAN; only used before 5.15 */
#define CAP_SYS_PTRACE 19
#define SIGKILL 9
#define SIGSYS 31
