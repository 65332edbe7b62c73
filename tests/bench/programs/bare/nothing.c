// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the exec workload executes: the least program there is, linked with
 * -static -nostdlib. No libc, no loader, three page faults: what a sensor adds
 * to an exec stands out as nowhere else.
 */
void _start(void);

void _start(void)
{
#if defined(__x86_64__)
	__asm__ volatile("xor %edi, %edi\n\tmov $231, %eax\n\tsyscall"); /* exit_group(0) */
#elif defined(__aarch64__)
	__asm__ volatile("mov x0, #0\n\tmov x8, #94\n\tsvc #0");
#else
#error "exit_group for this machine"
#endif
	__builtin_unreachable();
}
