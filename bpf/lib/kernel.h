/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel types that the programs read, with only the members that they
 * read: CO-RE puts each access where the running kernel has it. Every
 * difference between kernels is met here and nowhere else; beside each stands
 * the kernel that brought it.
 */
#ifndef CUSTODES_BPF_KERNEL_H
#define CUSTODES_BPF_KERNEL_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* Since 6.2: gives a pointer a type, so that what lies behind it is read without a helper's call. */
extern void *bpf_rdonly_cast(const void *pointer, __u32 type) __ksym __weak;

/** A member, or what lies behind several, of what the verifier does not know the type of. */
#define READ(pointer, ...)                                                                                \
	({                                                                                                \
		typeof(pointer) _pointer = (pointer);                                                     \
		typeof(READ_PATH(_pointer, __VA_ARGS__)) _value;                                          \
                                                                                                          \
		if (bpf_rdonly_cast) {                                                                    \
			_pointer = bpf_rdonly_cast(_pointer, bpf_core_type_id_kernel(typeof(*_pointer))); \
			_value = READ_PATH(_pointer, __VA_ARGS__);                                        \
		} else {                                                                                  \
			_value = BPF_CORE_READ(_pointer, __VA_ARGS__);                                    \
		}                                                                                         \
		_value;                                                                                   \
	})
#define READ_PATH(pointer, ...)		  READ_PATH_(__VA_ARGS__, READ_4, READ_3, READ_2, READ_1)(pointer, __VA_ARGS__)
#define READ_PATH_(a, b, c, d, path, ...) path
#define READ_1(pointer, a)		  (pointer)->a
#define READ_2(pointer, a, b)		  (pointer)->a->b
#define READ_3(pointer, a, b, c)	  (pointer)->a->b->c
#define READ_4(pointer, a, b, c, d)	  (pointer)->a->b->c->d

#define MAX_ERRNO	4095
#define AF_UNIX		1
#define AF_INET		2
#define AF_INET6	10
#define IPPROTO_TCP	6
#define IPPROTO_UDP	17
#define IPPROTO_MPTCP	262
#define MSG_PEEK	2
#define TCP_ESTABLISHED 1
#define TCP_CLOSE	7

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct pid_namespace {
	struct ns_common ns;
};

/* An index to pointers, of which a node holds 64; the lower bits tell a node from what it leads to. */
struct xa_node {
	unsigned char shift;
	void *slots[64];
};

struct xarray {
	void *xa_head;
};

struct idr {
	struct xarray idr_rt;
};

struct kern_ipc_perm {
	int id;
};

/* System V shared memory. */
struct shmid_kernel {
	struct kern_ipc_perm shm_perm;
	struct file *shm_file;
};

struct ipc_ids {
	struct idr ipcs_idr;
};

struct ipc_namespace {
	struct ipc_ids ids[3];
};

struct nsproxy {
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
};

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

struct cred {
	kuid_t uid;
	kgid_t gid;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

/* i_ctime was one timespec64 up to 6.5, __i_ctime up to 6.10 (13bc24457850),
 * and is two members since 6.11 (3aa63a569c64). */
struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
	__u32 i_generation;
	unsigned int i_nlink;
	unsigned short i_mode;
	__u32 i_rdev;
	__s64 i_size;
	__s64 i_ctime_sec;
	__u32 i_ctime_nsec;
};

struct inode___v6_6 {
	struct timespec64 __i_ctime;
};

struct inode___v5_10 {
	struct timespec64 i_ctime;
};

struct qstr {
	__u32 hash; /* salted with the directory's address: told apart by directory and name */
	const unsigned char *name;
};

struct dentry {
	struct inode *d_inode;
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	int mnt_id;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct socket;

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_mode;
	unsigned int f_flags;
	__s64 f_pos;
	void *private_data; /* of a socket's file: struct socket */
};

/* Work that a task does on its way back to user space, the latest first. */
struct callback_head {
	struct callback_head *next;
};

/* By which a file stands among that work when its last reference is gone: f_u.fu_rcuhead up to 5.18,
 * f_rcuhead up to 6.6, and f_task_work since. */
struct file___v6_7 {
	struct callback_head f_task_work;
};

struct file___v6_0 {
	struct callback_head f_rcuhead;
};

struct file___v5_10 {
	struct {
		struct callback_head fu_rcuhead;
	} f_u;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct list_head {
	struct list_head *next;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
};

/* What /proc/PID/... is about; the inode lies within. */
struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct thread_info {
	__u32 status;	     /* x86 */
	unsigned long flags; /* arm64 */
};

struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start;
	unsigned long arg_end;
	struct task_struct *owner;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__s64 counter;
} atomic64_t;

typedef struct {
	atomic_t refs;
} refcount_t;

struct signal_struct {
	atomic_t live;
	int group_exit_code;
};

struct task_struct {
	struct thread_info thread_info;
	int pid;
	int tgid;
	int exit_code;
	__u64 start_boottime; /* 5.5: cf25e24db61c */
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct signal_struct *signal;
	struct nsproxy *nsproxy;
	void *stack;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct css_set *cgroups;
	struct files_struct *files;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	struct list_head ptraced;
	struct list_head ptrace_entry;
	struct callback_head *task_works;
	const struct cred *cred;
	char comm[16];
};

#ifdef __TARGET_ARCH_x86
struct pt_regs {
	unsigned long bp, bx, r10, r9, r8, cx, dx, si, di, orig_ax;
};
#else
struct pt_regs {
	__u64 regs[31];
	__u64 orig_x0;
	__s32 syscallno;
};
#endif

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp; /* the same, but for scripts */
};

struct fs_struct {
	struct path pwd;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	unsigned long skc_flags;
	atomic64_t skc_cookie;
	refcount_t skc_refcnt;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct socket {
	struct sock *sk;
};

/* Of every socket's inode: the two lie in one piece. */
struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	__u16 sk_type;
	struct socket *sk_socket;
	struct pid *sk_peer_pid;
	struct sk_buff_head {
		struct sk_buff *prev;
	} sk_receive_queue;
};

struct sk_buff {
	char cb[48];
};

struct scm_fp_list {
	short count;
	struct file *fp[1];
};

struct unix_skb_parms {
	struct scm_fp_list *fp;
};

struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct inet_sock {
	__be16 inet_sport;
};

struct tcp_sock {
	__u64 bytes_received;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 bytes_acked;
	bool is_mptcp;
};

struct io_uring_cqe {
	__s32 res;
};

/* A request of io_uring; its file is the first member of a union. */
struct io_kiocb {
	struct file *file;
	__u8 opcode;
};

struct io_rw {
	struct {
		__s64 ki_pos;
	} kiocb;
};

struct io_splice {
	struct file *file_out;
	int splice_fd_in;
	unsigned int flags;
};

enum sock_flags {
	SOCK_DONE = 1,
};

struct bpf_iter_meta {
	__u64 session_id;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct fsnotify_group {
	unsigned int priority;
};

enum fsnotify_group_prio { FSNOTIFY_PRIO_NORMAL };

struct fsnotify_group___v6_12 { /* seen on 6.12; a plain number on 6.1 */
	enum fsnotify_group_prio priority;
};

struct vm_area_struct {
	struct file *vm_file;
	unsigned long vm_flags;
};

struct bpf_iter__task_vma { /* since 5.12 */
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

/* What tracepoints hand on by way of perf. */
struct trace_event_raw_sched_process_fork {
	int child_pid;
};

struct trace_event_raw_sched_process_exec {
	__u32 __data_loc_filename;
};

struct trace_event_raw_sys_exit {
	long ret;
};

struct trace_event_raw_sock_msg_length {
	const void *sk;
	int ret;
	int flags;
};

struct trace_event_raw_io_uring_complete {
	void *req;
	int res;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *key;
	void *value;
};

#pragma clang attribute pop

#endif
