/* A receiver that takes every connection and request and never answers. Prints its port and runs until it is killed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "bench.h"

int bench_silent(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&in, &len) != 0) {
        bench_die("no port to listen on");
    }
    printf("%d\n", ntohs(in.sin_port));
    fflush(stdout);
    while (accept(fd, NULL, NULL) >= 0) {} /* what is sent stays in the socket's buffer */
    return 0;
}
