/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loops that a verifier need not follow each time around. */
#ifndef CUSTODES_BPF_LOOP_H
#define CUSTODES_BPF_LOOP_H

#include "kernel.h"

/* Since 6.4. Newer libbpf declares it, as newer headers do. */
#ifndef bpf_for
struct bpf_iter_num {
	__u64 opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym __weak;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym __weak;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym __weak;
#endif

/** Whether `most` is no limit of REPEAT. */
#define REPEATS_ALL (bpf_iter_num_new)

/**
 * Does `go_on` for each i below `end` while it is true. On older kernels no more than
 * `most` times: their verifiers go all of them, and lose patience.
 */
#define REPEAT(i, end, most, go_on)                                                \
	do {                                                                       \
		if (bpf_iter_num_new) {                                            \
			struct bpf_iter_num _it;                                   \
			int *_at;                                                  \
                                                                                   \
			bpf_iter_num_new(&_it, 0, end);                            \
			while ((_at = bpf_iter_num_next(&_it))) {                  \
				__u32 __attribute__((unused)) i = *_at;            \
                                                                                   \
				if (!(go_on))                                      \
					break;                                     \
			}                                                          \
			bpf_iter_num_destroy(&_it);                                \
		} else {                                                           \
			for (__u32 i = 0; i < (most) && i < (end) && (go_on); i++) \
				;                                                  \
		}                                                                  \
	} while (0)

#endif
