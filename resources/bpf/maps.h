/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The maps: who is watched, what to capture, and the four rings. core/observer/ebpf/loader.py knows them by name. */
#pragma once

#include "records.h"
#include <bpf/bpf_helpers.h>

enum { STATE_ARMED = 1, STATE_LIVE = 2 };

enum {
	MARK_IN_CALL = 1, /* `call` was entered and has not returned */
	MARK_NEWBORN = 2, /* has yet to return from the fork that made it: an exit without enter that is no verdict */
	MARK_MUTED = 4, /* makes calls for the observer */
	MARK_MUTED_CALL = 8, /* ... and is inside one */
	MARK_STOPPED = 16, /* its last call never passed seccomp; `call` still holds it */
	MARK_GONE = 32, /* a leader that ended before its last thread */
};

/* One watched thread. The observer puts the first one in; the others follow by fork. */
struct thread {
	__u32 state;
	__u32 marks;
	__u32 retry; /* bit n: capture n of the call could not be read at entry */
	__u32 reserved;
	struct call call; /* the call it is in */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct thread);
} threads SEC(".maps");

struct capture_plan {
	__u8 argument;
	__u8 kind;
	__u8 length_argument;
	__u8 at_entry;
	__u32 size;
};

struct call_plan {
	__u32 count;
	struct capture_plan captures[CAPTURES_A_CALL];
};

#define PLANS_AN_ARCH 1024 /* x86_64's calls first, then i386's, then x32's */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3 * PLANS_AN_ARCH);
	__type(key, __u32);
	__type(value, struct call_plan);
} plans SEC(".maps");

enum { LOST_CALLS, LOST_CHECKS, LOST_PROCESSES, LOST_CAPTURES, LOST_KINDS };

struct lost {
	__u64 counts[LOST_KINDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lost);
} lost SEC(".maps");

/* By tid: between the two probes on cap_capable, so never more than are inside it at one moment. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct check);
} pending_checks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} last_id SEC(".maps");

/* Where a capture is put together: its header, and room for any offset and any size within MAX_CAPTURE, as the verifier bounds them. */
struct scratch {
	/* gather_pointers: */
	__u64 used;
	__u64 size;
	__u64 width;
	__s64 gathered;
	struct capture header; /* from here on it is the record */
	__u8 data[4 * MAX_CAPTURE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

/* The observer sets the rings' sizes before it loads them. */
#define RING(name)                                                                                                             \
	struct {                                                                                                               \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                                            \
		__uint(max_entries, 1 << 16);                                                                                  \
	} name SEC(".maps")

RING(calls);
RING(checks);
RING(processes);
RING(captures);

static __always_inline void count_lost(__u32 kind)
{
	__u32 zero = 0;
	struct lost *counters = bpf_map_lookup_elem(&lost, &zero);

	if (counters)
		__sync_fetch_and_add(&counters->counts[kind], 1);
}

static __always_inline struct scratch *scratch_of_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

static __always_inline __u32 current_tid(void)
{
	return (__u32)bpf_get_current_pid_tgid();
}

static __always_inline struct thread *thread_of(__u32 tid)
{
	return bpf_map_lookup_elem(&threads, &tid);
}
