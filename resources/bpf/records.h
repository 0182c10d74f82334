/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records as core/observer/wire.py lays them out, without the 8 bytes that the kernel's ring puts before each. */
#pragma once

#include "kernel.h"

enum { CALL_PASSED = 1, CALL_EXITED = 2, CALL_CUT_SHORT = 8 };

struct call {
	__u64 id;
	__u64 entered_ns;
	__u64 exited_ns;
	__s64 ret;
	__u64 args[6];
	__u64 instruction_pointer;
	__u32 pid;
	__u32 tid;
	__u32 nr;
	__u32 arch;
	__u32 flags;
	__u32 reserved;
};
_Static_assert(sizeof(struct call) == 120 - 8, "wire.CALL");

#define STACK_DEPTH 24

struct check {
	__u64 call;
	__u64 time_ns;
	__u64 stack[STACK_DEPTH];
	__u32 pid;
	__u32 tid;
	__u32 capability;
	__u32 granted;
	__u32 namespace;
	__u32 own_namespace;
};
_Static_assert(sizeof(struct check) == 240 - 8, "wire.CHECK");

enum { PROCESS_FORK = 1, PROCESS_EXEC = 2, PROCESS_EXIT = 3, PROCESS_SIGNAL = 5, PROCESS_KILLED_BY_SECCOMP = 6, PROCESS_BEFORE_EXEC = 7 };

struct process {
	__u64 id;
	__u64 time_ns;
	__u32 kind;
	__u32 pid;
	__u32 tid;
	__u32 other;
	__u32 pid_of_other;
	__u32 status;
	char comm[16];
	__u32 uids[4];
	__u32 gids[4];
	__u64 inheritable;
	__u64 permitted;
	__u64 effective;
	__u64 bounding;
	__u64 ambient;
	__u32 securebits;
	__u32 no_new_privs;
	__u32 user_namespace;
	__u32 seccomp;
	__u64 file;
	__u32 nosuid;
	__u32 unprivileged_tracer;
};
_Static_assert(sizeof(struct process) == 168 - 8, "wire.PROCESS");

enum { CAPTURE_STRING = 1, CAPTURE_BYTES = 2, CAPTURE_POINTERS = 3, CAPTURE_PROGRAM = 4, CAPTURE_PARTS = 5 };
enum { EXEC_FILE = 6, EXEC_UID_MAP = 7, EXEC_GID_MAP = 8, EXEC_GROUPS = 9 };
/* A length_argument: the low three bits name an argument, the result or nothing; the others a unit of so many words of 4 bytes, where 0 and 31
 * mean single bytes. */
#define LENGTH_ARGUMENT(length) ((length)&7)
#define LENGTH_WORDS(length) ((length) >> 3)
enum { LENGTH_RESULT = 6, LENGTH_NONE = 7, WORDS_NONE = 31 };

#define MAX_CAPTURE 4096
#define CAPTURES_A_CALL 3

struct capture {
	__u64 call;
	__u8 argument;
	__u8 kind;
	__u8 truncated;
	__u8 failed;
	__u32 length;
};
_Static_assert(sizeof(struct capture) == 24 - 8, "wire.CAPTURE");
