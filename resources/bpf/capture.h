/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what a call's arguments point to. */
#pragma once

#include "maps.h"

#define MAX_POINTERS 128
#define MAX_PROGRAM 4096 /* the kernel's BPF_MAXINSNS */
#define INSTRUCTION_SIZE 8

enum moment { AT_ENTRY, AT_EXIT, AT_REFUSAL, AT_DEATH };

/* How `capture` reads, packed because a global function takes five numbers at most. */
#define HOW_KIND(how) ((how)&0xff)
#define HOW_ARGUMENT(how) (((how) >> 8) & 0xff)
#define HOW_TRUNCATED 0x10000 /* the caller knows that the data goes on */
#define HOW_NARROW 0x20000 /* pointers have 32 bits */
#define HOW_QUIET 0x40000 /* there will be another try: no record of a failure */
#define HOW_KERNEL 0x80000 /* the kernel's own memory */
#define HOW_FLAT 0x100000 /* the strings themselves, one behind the other, where pointers were expected */
#define HOW_GATHERED 0x200000 /* `gather_pointers` or `gather_path` has been there */

#define BOUND(value, mask)                                                                                                     \
	({                                                                                                                     \
		__u64 bounded_ = (value);                                                                                      \
		asm volatile("%0 &= %1" : "+r"(bounded_) : "i"(mask)); /* where the verifier sees it, whatever clang knows */ \
		bounded_;                                                                                                      \
	})

static __always_inline int byte_is_zero(__u64 address)
{
	__u8 byte = 0;

	return bpf_probe_read_user(&byte, 1, (void *)address) || !byte;
}

/* The string's length without its zero, or -1. */
static __always_inline long read_string(struct scratch *scratch, __u64 address, __u64 size, __u32 how)
{
	long n;

	if (how & HOW_KERNEL)
		n = bpf_probe_read_kernel_str(scratch->data, BOUND(size + 1, 2 * MAX_CAPTURE - 1), (void *)address);
	else
		n = bpf_probe_read_user_str(scratch->data, BOUND(size + 1, 2 * MAX_CAPTURE - 1), (void *)address);
	if (n <= 0)
		return -1;
	if (n == size + 1 && !(how & HOW_KERNEL))
		scratch->header.truncated = !byte_is_zero(address + size);
	return n - 1;
}

static __always_inline long read_bytes(struct scratch *scratch, __u64 address, __u64 size, __u32 how)
{
	long failed;

	if (how & HOW_KERNEL)
		failed = bpf_probe_read_kernel(scratch->data, BOUND(size, 2 * MAX_CAPTURE - 1), (void *)address);
	else
		failed = bpf_probe_read_user(scratch->data, BOUND(size, 2 * MAX_CAPTURE - 1), (void *)address);
	return failed ? -1 : (long)size;
}

/* Adds one string to those in the scratch; 1: there is room for more. */
static __always_inline int read_pointed(struct scratch *scratch, __u64 pointer)
{
	__u64 used = scratch->used;
	long n = bpf_probe_read_user_str(scratch->data + BOUND(used, MAX_CAPTURE - 1), BOUND(scratch->size - used, 2 * MAX_CAPTURE - 1),
					 (void *)pointer);

	if (n <= 0)
		return 0;
	scratch->used = used + n;
	return scratch->used < scratch->size || byte_is_zero(pointer + n - 1);
}

/* Puts the strings of a null-terminated array, each with its zero, into the scratch: `gathered` bytes, or -1 where not even the first can be
 * read. What changes from one to the next lies in the map, out of the verifier's sight, so that it need not follow each combination; and
 * it is a global function of its own, so that only the programs that need it pay for its verification. */
__attribute__((noinline)) int gather_pointers(__u64 address, __u32 size, __u32 how)
{
	struct scratch *scratch = scratch_of_cpu();

	if (!scratch)
		return 0;
	scratch->used = 0;
	scratch->size = size > MAX_CAPTURE ? MAX_CAPTURE : size;
	scratch->width = how & HOW_NARROW ? 4 : 8;
	scratch->header.truncated = 1;
	for (int i = 0; i < MAX_POINTERS; i++) {
		__u64 pointer[2] = {}, width = scratch->width;

		if (bpf_probe_read_user(pointer, BOUND(width, 15), (void *)(address + i * width)))
			break;
		if (!pointer[0]) {
			scratch->header.truncated = 0;
			scratch->gathered = scratch->used;
			return 0;
		}
		if (scratch->used >= scratch->size || !read_pointed(scratch, pointer[0]))
			break;
	}
	scratch->gathered = scratch->used ? (__s64)scratch->used : -1;
	return 0;
}

static __always_inline long read_argument(struct scratch *scratch, __u64 address, __u32 size, __u32 how)
{
	if (how & HOW_GATHERED)
		return scratch->gathered;
	scratch->header.truncated = !!(how & HOW_TRUNCATED);
	if (HOW_KIND(how) == CAPTURE_STRING)
		return read_string(scratch, address, size, how);
	if (HOW_KIND(how) == CAPTURE_BYTES || HOW_KIND(how) == CAPTURE_PROGRAM || (how & HOW_FLAT))
		return read_bytes(scratch, address, size, how);
	return -1;
}

/* Emits one capture of the call `id`; -1 where the memory could not be read. A global function: the verifier walks it once a program. */
__attribute__((noinline)) int capture(__u64 id, __u64 address, __u32 size, __u32 how)
{
	struct scratch *scratch = scratch_of_cpu();
	long n;

	if (!scratch)
		return 0;
	n = read_argument(scratch, address, size > MAX_CAPTURE ? MAX_CAPTURE : size, how);
	if (n < 0 && (how & HOW_QUIET))
		return -1;
	scratch->header.call = id;
	scratch->header.argument = HOW_ARGUMENT(how);
	scratch->header.kind = HOW_KIND(how);
	scratch->header.failed = n < 0;
	if (n < 0) {
		n = 0;
		scratch->header.truncated = 0;
	}
	scratch->header.length = n;
	if (bpf_ringbuf_output(&captures, &scratch->header, sizeof(struct capture) + BOUND(n, 2 * MAX_CAPTURE - 1), BPF_RB_NO_WAKEUP))
		count_lost(LOST_CAPTURES);
	return scratch->header.failed ? -1 : 0;
}

/* Emits the seccomp filter that a struct sock_fprog points to, in pieces that are numbered as if each were an argument; -1 where one of them could
 * not be read. */
__attribute__((noinline)) int capture_program(__u64 id, __u64 address, __u32 how)
{
	struct {
		__u16 length;
		__u32 narrow_instructions;
		__u64 instructions;
	} program = {};
	__u64 size, start;

	if (bpf_probe_read_user(&program, how & HOW_NARROW ? 8 : 16, (void *)address))
		return -1; /* nor could the kernel read it */
	start = how & HOW_NARROW ? program.narrow_instructions : program.instructions;
	size = program.length * INSTRUCTION_SIZE;
	if (size > MAX_PROGRAM * INSTRUCTION_SIZE)
		return 0; /* the kernel will not take it either */
	for (int i = 0; i < MAX_PROGRAM * INSTRUCTION_SIZE / MAX_CAPTURE; i++) {
		__u64 done = i * MAX_CAPTURE;

		if (done >= size)
			break;
		if (capture(id, start + done, size - done, how | i << 8 | (size - done > MAX_CAPTURE ? HOW_TRUNCATED : 0)))
			return -1;
	}
	return 0;
}

static __always_inline struct call_plan *plan_of(const struct call *call)
{
	__u32 nr = call->nr, base = 0;

	if (call->arch == AUDIT_ARCH_I386) {
		base = PLANS_AN_ARCH;
	} else if (nr & X32_SYSCALL_BIT) {
		base = 2 * PLANS_AN_ARCH;
		nr &= ~X32_SYSCALL_BIT;
	}
	if (nr >= PLANS_AN_ARCH)
		return 0;
	nr += base;
	return bpf_map_lookup_elem(&plans, &nr);
}

static __always_inline int is_narrow(const struct call *call)
{
	return call->arch == AUDIT_ARCH_I386 || (call->nr & X32_SYSCALL_BIT);
}

/* At an exit everything that belongs there, and what could not be read at entry; of a refused call everything, for it had no entry. */
static __always_inline int is_due(const struct capture_plan *plan, const struct thread *thread, int index, enum moment moment)
{
	if (moment == AT_ENTRY)
		return plan->at_entry;
	if (moment == AT_REFUSAL || moment == AT_DEATH)
		return LENGTH_ARGUMENT(plan->length_argument) != LENGTH_RESULT;
	if (plan->at_entry)
		return thread->retry & (1 << index);
	return LENGTH_ARGUMENT(plan->length_argument) != LENGTH_RESULT || thread->call.ret >= 0;
}

/* How many bytes there are, as far as an argument or the result says so; beyond MAX_CAPTURE it does not matter how many. */
static __always_inline __u64 available_bytes(const struct capture_plan *plan, const struct call *call)
{
	__u32 argument = LENGTH_ARGUMENT(plan->length_argument), words = LENGTH_WORDS(plan->length_argument);
	__u64 count = ~0ULL;

	if (argument == LENGTH_RESULT)
		count = call->ret;
	else if (argument <= 5)
		count = call->args[argument];
	if (count > MAX_CAPTURE)
		count = MAX_CAPTURE + 1;
	return words && words != WORDS_NONE ? count * 4 * words : count;
}

static __always_inline void capture_one(struct thread *thread, const struct capture_plan *plan, int index, enum moment moment)
{
	const struct call *call = &thread->call;
	__u32 size = plan->size, how = plan->kind | plan->argument << 8;
	__u64 address, available;

	if (plan->argument > 5 || !is_due(plan, thread, index, moment))
		return;
	address = call->args[plan->argument];
	if (!address)
		return;
	if (plan->kind == CAPTURE_PROGRAM) {
		how = plan->kind | (is_narrow(call) ? HOW_NARROW : 0) | (moment == AT_ENTRY ? HOW_QUIET : 0);
		if ((__u32)call->args[0] == size && moment < AT_REFUSAL && capture_program(call->id, address, how) && moment == AT_ENTRY)
			thread->retry |= 1 << index;
		return;
	}
	available = available_bytes(plan, call);
	if (available < size)
		size = available;
	else if (available > size && LENGTH_ARGUMENT(plan->length_argument) != LENGTH_NONE)
		how |= HOW_TRUNCATED;
	if (is_narrow(call))
		how |= HOW_NARROW;
	if (moment == AT_ENTRY)
		how |= HOW_QUIET;
	if (plan->kind == CAPTURE_POINTERS && moment != AT_DEATH) {
		gather_pointers(address, size, how);
		how |= HOW_GATHERED;
	}
	if (capture(call->id, address, size, how) && moment == AT_ENTRY)
		thread->retry |= 1 << index;
}

static __always_inline void capture_arguments(struct thread *thread, enum moment moment)
{
	struct call_plan *plan = plan_of(&thread->call);

	if (moment == AT_ENTRY)
		thread->retry = 0;
	if (!plan || !plan->count)
		return;
#pragma clang loop unroll(full)
	for (int i = 0; i < CAPTURES_A_CALL; i++)
		if (i < plan->count)
			capture_one(thread, &plan->captures[i], i, moment);
}
