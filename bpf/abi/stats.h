/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both halves count. */
#ifndef CUSTODES_ABI_STATS_H
#define CUSTODES_ABI_STATS_H

#include <linux/types.h>

/** Rows of the kernel half's map of losses. */
#define LOSS_KERNEL_CAUSES 16

enum loss_cause {
#define LOSS(number, NAME, text) LOSS_##NAME = number,
#include "loss.def"
#undef LOSS
};

/** losses: one of these a CPU and cause, since the programs were loaded. */
struct loss_entry {
	__u64 count;
};

#endif
