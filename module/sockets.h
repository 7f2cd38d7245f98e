/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Floor 4, sockets: system calls, user memory, errno.
 */
#ifndef _XTCP_SOCKETS_H
#define _XTCP_SOCKETS_H

#include "net.h"

struct tcp_info;

/* af_xtcp.c */
extern struct proto xtcp_prot;
extern struct proto xtcpv6_prot;
int xtcp_af_init(void);
void xtcp_af_exit(void);
void xtcp_adopt_family(struct sock *sk, int family);
int xtcp_set_addrform(struct sock *sk, int family);

/* connect.c */
int xtcp_v4_connect(struct sock *sk, struct sockaddr_unsized *uaddr, int len);
int xtcp_v6_connect(struct sock *sk, struct sockaddr_unsized *uaddr, int len);
int xtcp_disconnect(struct sock *sk, int flags);
struct sock *xtcp_accept(struct sock *sk, struct proto_accept_arg *arg);

/* close.c */
void xtcp_close(struct sock *sk, long timeout);
void xtcp_shutdown(struct sock *sk, int how);
void xtcp_destroy(struct sock *sk);
void xtcp_destruct(struct sock *sk);
int xtcp_diag_destroy(struct sock *sk, int err);

/* send.c */
int xtcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);
bool xtcp_stream_memory_free(const struct sock *sk, int wake);
void xtcp_splice_eof(struct socket *sock);

/* recv.c */
int xtcp_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		 int flags);
int xtcp_readable(const struct sock *sk);
int xtcp_read_sock(struct sock *sk, read_descriptor_t *desc,
		   sk_read_actor_t recv_actor);
ssize_t xtcp_splice_read(struct socket *sock, loff_t *ppos,
			 struct pipe_inode_info *pipe, size_t len,
			 unsigned int flags);

/* stream.c */
__poll_t xtcp_poll(struct file *file, struct socket *sock,
		   struct poll_table_struct *wait);
int xtcp_ioctl(struct sock *sk, int cmd, int *karg);
int xtcp_set_rcvlowat(struct sock *sk, int val);
int xtcp_peek_len(struct socket *sock);

/* socklevel.c */
int xtcp_sock_setsockopt(struct socket *sock, int level, int optname,
			 sockptr_t optval, unsigned int optlen);

/* sockopt.c */
int xtcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
int xtcp_getsockopt(struct sock *sk, int level, int optname,
		    char __user *optval, int __user *optlen);

/* diag.c, floor 5, but the numbers are one connection's */
void xtcp_get_info(struct sock *sk, struct xtcp_info *info);
void xtcp_get_tcp_info(struct sock *sk, struct tcp_info *info);

/* listing.c, floor 5 */
int xtcp_listing_init(void);
void xtcp_listing_exit(void);

#endif /* _XTCP_SOCKETS_H */
