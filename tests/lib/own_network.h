/* A network of this process's own, where a test may be the name server: loopback alone, and a resolv.conf that leads to
 * 127.0.0.1. Takes root or a user namespace. */
#ifndef OWN_NETWORK_H
#define OWN_NETWORK_H

/* Moves this process into one; the socket on port 53 that gets every question (not blocking), or -1 where it cannot be
 * had. Before any thread or connection is made. */
int own_network(const char *resolv_conf);

#endif
